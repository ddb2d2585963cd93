"""A function or procedure: what a call of it does, read when something calls it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Span
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.operations import CreateFunction, Operation

ATOMIC = re.compile(r"(?is)\bbegin\s+atomic\b(.*)\bend\b\s*\Z")
RETURN = re.compile(r"(?i)(\A|;)(\s*)return\b")
RETURNED = re.compile(r"(?is)\breturn\b(.*)\Z")


class Routine(Value):
    """``text`` is CREATE FUNCTION or PROCEDURE as written."""

    text: str
    language: str
    body: str | None

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """What its body does. Their places are of no use to a file that calls it."""
        from zdmigrate.sql.grammar import GrammarError
        from zdmigrate.sql.plpgsql.body import UNFORESEEN

        try:
            return tuple(self._read())
        except GrammarError as error:
            return (self._unknown(error.message),)
        except UNFORESEEN as error:
            return (self._unknown(f"its body has a shape that was not foreseen ({type(error).__name__}: {error})"),)

    def _read(self) -> Iterator[Operation]:
        from zdmigrate.sql.plpgsql.body import Text, of_plpgsql, of_sql

        whole = Span(0, len(self.text))
        if self.language == "plpgsql" and self.body is not None:
            yield from of_plpgsql(self.text, Text(self.body, self.text, None, whole))
        elif self.language == "sql":
            yield from of_sql(self._sql())
        else:
            yield self._unknown(f"it is written in {self.language}")

    def _sql(self) -> str:
        """The statements of a body in SQL; RETURN of one that is no string is a SELECT."""
        if self.body is not None:
            return self.body
        atomic = ATOMIC.search(self.text)
        if atomic:
            return RETURN.sub(r"\1\2select", atomic[1])
        returned = RETURNED.search(self.text)
        return f"select {returned[1]}" if returned else ""

    def _unknown(self, reason: str) -> Operation:
        return o.Unknown(span=Span(0, len(self.text)), statement="function", reason=reason)


def with_routine(function: CreateFunction, text: str) -> CreateFunction:
    return function.changed(does=Routine(text=text, language=function.language, body=function.body))
