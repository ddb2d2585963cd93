"""The trigger that computes columns from others of their row, as GENERATED ... STORED would; it stays after contract.

PostgreSQL computes such a column behind every BEFORE trigger of the user's, and so does this one: its name sorts
behind theirs, and behind those of the other recipes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.dual_write import image, variable, with_new
from zdmigrate.recipes.parts.groups import unqualified
from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.schema.filling import base_type
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName

# An explicit cast shortens these without a word; an assignment, as of a generated column, is an error.
_SHORTENED = ("char", "bpchar", "character", "varchar", "character varying", "bit", "varbit", "bit varying")


class Computed(NamedTuple):
    """A column, and the expression over others of its row that gives its value."""

    column: str
    expression: str  # its columns without their table
    type: str  # as SQL
    is_shortened: bool  # a cast to the type loses letters that an assignment does not

    @property
    def value(self) -> str:
        return f"CAST({self.expression} AS {self.type})"

    @property
    def differs(self) -> str:
        """For WHEN, of what is shortened: a value that is too long has to reach the assignment, which says so."""
        whole, cast = with_new(self.expression), with_new(self.value)
        return f"\n          OR CAST({cast} AS text) IS DISTINCT FROM CAST({whole} AS text)" * self.is_shortened


def computed(column: str, kind: TypeName, type_sql: str, expression: str, ground: Ground) -> Computed:
    base = base_type(kind, ground.furniture.catalog)
    return Computed(column, unqualified(expression), type_sql, base.name in _SHORTENED and "(" in base.sql)


class Computing:
    """The statements that begin, and end, computing columns of one table: one trigger, one backfill for them all."""

    def __init__(self, table: Name, columns: Sequence[Computed], ground: Ground) -> None:
        middle = "_".join(each.column for each in columns)
        self.table, self.columns = ground.spelled(table), columns
        self.path = ground.search_path
        self.function = ground.beside(table, ground.free(table, middle, "compute"))
        self.trigger = spelled(ground.free_trigger(table, middle, "compute", last=True))

    def begin(self) -> tuple[Said | Together, ...]:
        """For expand: the function, and the trigger in one transaction with its ENABLE ALWAYS."""
        names = ", ".join(each.column for each in self.columns)
        return (
            Said(
                f"Computes {names} whoever writes, old versions included. Its search_path is its own, for apps may "
                "set theirs.",
                self._function(),
            ),
            Together(
                "The trigger fires only where the value is another, so the backfill does not enter it; ENABLE ALWAYS "
                "in the same transaction, so that no writer with session_replication_role = replica slips by.",
                (
                    Said("", self._create()),
                    Said("", f"ALTER TABLE {self.table} ENABLE ALWAYS TRIGGER {self.trigger}"),
                ),
            ),
        )

    def backfill(self) -> Said:
        filled = ", ".join(f"{spelled(each.column)} = {each.expression}" for each in self.columns)
        there = image([spelled(each.column) for each in self.columns])
        return Said(
            "Written as for the whole table; it runs in batches. Values are compared by image, NULL included.",
            f"UPDATE {self.table} SET {filled}\n"
            f"WHERE {there} OPERATOR(pg_catalog.*<>) {image([each.value for each in self.columns])}",
        )

    def end(self) -> tuple[Said, ...]:
        """For revert."""
        return (
            Said("", f"DROP TRIGGER IF EXISTS {self.trigger} ON {self.table}"),
            Said("", f"DROP FUNCTION IF EXISTS {self.function}()"),
        )

    def _create(self) -> str:
        there = image([f"NEW.{variable(each.column)}" for each in self.columns])
        wanted = image([with_new(each.value) for each in self.columns])
        shortened = "".join(each.differs for each in self.columns)
        return (
            f"CREATE TRIGGER {self.trigger} BEFORE INSERT OR UPDATE ON {self.table}\n    FOR EACH ROW\n"
            f"    WHEN ({there} OPERATOR(pg_catalog.*<>) {wanted}{shortened})\n    EXECUTE FUNCTION {self.function}()"
        )

    def _function(self) -> str:
        set_all = "\n".join(f"    NEW.{variable(each.column)} := {with_new(each.expression)};" for each in self.columns)
        quote = "$$" if "$$" not in set_all else "$zdmigrate$"
        return (
            f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql{self.path} AS {quote}\n"
            f"BEGIN\n{set_all}\n    RETURN NEW;\nEND\n{quote}"
        )
