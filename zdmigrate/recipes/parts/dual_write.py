"""The trigger that keeps old and new columns in step, whoever writes; hammered on 14 and 18 (docs/reliability.md).

One function and one trigger a table, however many columns. The new side wins where it was written; a row that is not
filled yet is filled by any UPDATE, so that a row that leaves an unread block is already right.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.recipes.parts.renaming import with_columns
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.pair import Pair

# Reserved words of PL/pgSQL that SQL does not reserve (pl_reserved_kwlist.h).
_PLPGSQL = frozenset(("begin", "by", "declare", "execute", "foreach", "if", "loop", "strict", "while"))


class Sync:
    """The statements that begin, and end, keeping the pairs of one table in step."""

    def __init__(self, pairs: Sequence[Pair], ground: Ground) -> None:
        table = pairs[0].table
        middle = "_".join(column for pair in pairs for column in pair.new)
        self.pairs = pairs
        self.table = ground.spelled(table)
        self.path = "" if all(pair.exact for pair in pairs) else ground.search_path
        self.function = ground.beside(table, ground.free(table, middle, "sync"))
        self.trigger = spelled(ground.free_trigger(table, middle))

    def begin(self) -> tuple[Said | Together, ...]:
        """For expand: the function, and the trigger in one transaction with its ENABLE ALWAYS."""
        return (
            Said(
                "Keeps old and new in step, whoever writes. The new side wins where it was written; a row that is not "
                "filled yet is filled by any UPDATE. Values are compared by image: IS DISTINCT FROM fails for json "
                "and point." + (" Its search_path is its own, for apps may set theirs." if self.path else ""),
                self._function(),
            ),
            Together(
                "The trigger fires only where the two are not in step, so the backfill does not enter it; ENABLE "
                "ALWAYS in the same transaction, so that no writer with session_replication_role = replica slips by.",
                (
                    Said("", self._create()),
                    Said("", f"ALTER TABLE {self.table} ENABLE ALWAYS TRIGGER {self.trigger}"),
                ),
            ),
        )

    def end(self, if_there: str = "") -> tuple[Said, ...]:
        """For contract and for revert, in the transaction that drops a side."""
        return (
            Said("", f"DROP TRIGGER {if_there}{self.trigger} ON {self.table}"),
            Said("", f"DROP FUNCTION {if_there}{self.function}()"),
        )

    def backfill(self) -> Said:
        """Fills the new side. Where it can hold more than the old, a row that is in step is left alone."""
        values = [f"{spelled(column)} = {value}" for pair in self.pairs for column, value in pair.fill or pair.up]
        update = f"UPDATE {self.table} SET {', '.join(values)}"
        if all(pair.exact for pair in self.pairs):
            return Said("Written as for the whole table; it runs in batches.", update)
        differ = " OR ".join(
            f"{image(map(spelled, pair.old))}\n"
            f"      OPERATOR(pg_catalog.*<>) {image(value for _, value in pair.down)}"
            + (f"\n   OR {_is_null(map(spelled, pair.new))}" if pair.fills_null else "")
            for pair in self.pairs
        )
        return Said(
            "Written as for the whole table; it runs in batches. A row whose old side is what the new side gives is "
            "in step already: the new version may have written what the old side cannot hold.",
            f"{update}\nWHERE {differ}",
        )

    def _create(self) -> str:
        differ = " OR ".join(
            f"{image(_of('NEW', pair.new))}\n          OPERATOR(pg_catalog.*<>) {image(_derived(pair.up))}"
            for pair in self.pairs
        )
        return (
            f"CREATE TRIGGER {self.trigger} BEFORE INSERT OR UPDATE ON {self.table}\n    FOR EACH ROW\n"
            f"    WHEN ({differ})\n    EXECUTE FUNCTION {self.function}()"
        )

    def _function(self) -> str:
        blocks = textwrap.indent("\n".join(map(_block, self.pairs)), "    ")
        quote = "$$" if "$$" not in blocks else "$zdmigrate$"
        return (
            f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql{self.path} AS {quote}\n"
            f"BEGIN\n{blocks}\n    RETURN NEW;\nEND\n{quote}"
        )


def _block(pair: Pair) -> str:
    """What one pair needs on INSERT, and on UPDATE."""
    to_old, to_new = _assigned(pair.down), _assigned(pair.up)
    branches = [
        "IF TG_OP = 'INSERT' THEN",
        f"    IF pg_catalog.num_nonnulls({', '.join(_of('NEW', pair.new))}) > 0 THEN",
        *(f"        {line}" for line in to_old),
        "    ELSE",
        *(f"        {line}" for line in to_new),
        "    END IF;",
        f"ELSIF {image(_of('NEW', pair.new))}",
        f"      OPERATOR(pg_catalog.*<>) {image(_of('OLD', pair.new))} THEN",
        *(f"    {line}" for line in to_old),
        *_when_old_is_written(pair),
        *(f"    {line}" for line in to_new),
        "END IF;",
    ]
    return "\n".join(branches)


def _when_old_is_written(pair: Pair) -> tuple[str, ...]:
    if pair.exact:
        return ("ELSE",)
    old = image(_of("NEW", pair.old))
    return (
        f"ELSIF {old}",
        f"      OPERATOR(pg_catalog.*<>) {image(_of('OLD', pair.old))}",
        f"   OR {old}",
        f"      OPERATOR(pg_catalog.*<>) {image(_derived(pair.down))}"
        + (f"\n   OR {_is_null(_of('NEW', pair.new))} THEN" if pair.fills_null else " THEN"),
    )


def _assigned(expressions: Sequence[tuple[str, str]]) -> list[str]:
    return [f"NEW.{variable(column)} := {with_new(value)};" for column, value in expressions]


def _derived(expressions: Sequence[tuple[str, str]]) -> list[str]:
    return [with_new(value) for _, value in expressions]


def with_new(expression: str) -> str:
    return with_columns(expression, lambda column: f"NEW.{variable(column)}")


def _of(row: str, columns: Sequence[str]) -> list[str]:
    return [f"{row}.{variable(column)}" for column in columns]


def variable(column: str) -> str:
    """A column as PL/pgSQL takes it behind NEW."""
    return f'"{column}"' if column in _PLPGSQL else spelled(column)


def _is_null(values: Iterable[str]) -> str:
    return f"pg_catalog.num_nonnulls({', '.join(values)}) = 0"


def image(values: Iterable[str]) -> str:
    """What is compared byte for byte; without the cast, a comparison of rows is one of their scalars."""
    return f"(ROW({', '.join(values)})::record)"
