"""The trigger that computes a column from others of its row, as GENERATED ... STORED would; it stays after contract.

PostgreSQL computes such a column behind every BEFORE trigger of the user's, and so does this one: its name sorts
behind theirs, and behind those of the other recipes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.dual_write import image, variable, with_new
from zdmigrate.recipes.parts.groups import unqualified
from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.schema.filling import base_type
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName

# An explicit cast shortens these without a word; an assignment, as of a generated column, is an error.
_SHORTENED = ("char", "bpchar", "character", "varchar", "character varying", "bit", "varbit", "bit varying")


class Computing:
    """The statements that begin, and end, computing a column."""

    def __init__(self, table: Name, column: str, kind: TypeName, type_sql: str, expression: str, ground: Ground):
        self.table, self.column = ground.spelled(table), column
        self.expression = unqualified(expression)
        self.value = f"CAST({self.expression} AS {type_sql})"
        base = base_type(kind, ground.furniture.catalog)
        self.is_shortened = base.name in _SHORTENED and "(" in base.sql
        self.path = ground.search_path
        self.function = ground.beside(table, ground.free(table, column, "compute"))
        self.trigger = spelled(ground.free_trigger(table, column, "compute", last=True))

    def begin(self) -> tuple[Said | Together, ...]:
        """For expand: the function, and the trigger in one transaction with its ENABLE ALWAYS."""
        return (
            Said(
                f"Computes {self.column} whoever writes, old versions included. Its search_path is its own, for apps "
                "may set theirs.",
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
        column = spelled(self.column)
        return Said(
            "Written as for the whole table; it runs in batches. Values are compared by image, NULL included.",
            f"UPDATE {self.table} SET {column} = {self.expression}\n"
            f"WHERE {image([column])} OPERATOR(pg_catalog.*<>) {image([self.value])}",
        )

    def end(self) -> tuple[Said, ...]:
        """For revert."""
        return (
            Said("", f"DROP TRIGGER IF EXISTS {self.trigger} ON {self.table}"),
            Said("", f"DROP FUNCTION IF EXISTS {self.function}()"),
        )

    def _create(self) -> str:
        differ = f"{image([f'NEW.{variable(self.column)}'])} OPERATOR(pg_catalog.*<>) {image([with_new(self.value)])}"
        return (
            f"CREATE TRIGGER {self.trigger} BEFORE INSERT OR UPDATE ON {self.table}\n    FOR EACH ROW\n"
            f"    WHEN ({differ}{self._or_is_shortened()})\n    EXECUTE FUNCTION {self.function}()"
        )

    def _or_is_shortened(self) -> str:
        """The value that is too long has to reach the assignment, which says so."""
        if not self.is_shortened:
            return ""
        whole, cast = with_new(self.expression), with_new(self.value)
        return f"\n          OR CAST({cast} AS text) IS DISTINCT FROM CAST({whole} AS text)"

    def _function(self) -> str:
        value = with_new(self.expression)
        quote = "$$" if "$$" not in value else "$zdmigrate$"
        return (
            f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql{self.path} AS {quote}\n"
            f"BEGIN\n    NEW.{variable(self.column)} := {value};\n    RETURN NEW;\nEND\n{quote}"
        )
