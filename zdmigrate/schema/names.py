"""Names and places: what a relation is called, and where in a file something stands."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of a file's text, as code point offsets (not bytes) from its start."""

    start: int
    end: int


class Name(NamedTuple):
    """A database object's name as PostgreSQL folded it: ``users``, or ``public.users``.

    ``schema`` is None where the SQL gave none; the catalog answers for it by its search path.
    """

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"
