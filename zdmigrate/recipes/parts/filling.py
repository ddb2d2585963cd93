"""The trigger that gives a column a value where a version that does not know better leaves it NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.recipes.parts.presence import is_missing
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName


class Filling:
    """The statements that begin, and end, filling a column."""

    def __init__(self, table: Name, column: str, value: str, kind: TypeName | None, ground: Ground) -> None:
        self.table = ground.spelled(table)
        self.column = spelled(column)
        self.value = value
        self.missing, self.missing_new = (is_missing(f"{row}{self.column}", kind, ground) for row in ("", "NEW."))
        self.path = ground.search_path
        self.function = ground.beside(table, ground.free(table, column, "fill"))
        self.trigger = spelled(ground.free_trigger(table, column, "fill"))

    def begin(self) -> tuple[Said | Together, ...]:
        """For expand: the function, and the trigger in one transaction with its ENABLE ALWAYS."""
        return (
            Said(
                "Old versions may still leave it NULL: whoever writes, it is filled. Its search_path is its own, for "
                "apps may set theirs.",
                f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql{self.path} AS $zdmigrate$\n"
                f"BEGIN\n    NEW.{self.column} := {self.value};\n    RETURN NEW;\nEND\n$zdmigrate$",
            ),
            Together(
                "ENABLE ALWAYS in the same transaction, so that no writer with session_replication_role = replica "
                "slips by.",
                (
                    Said(
                        "",
                        f"CREATE TRIGGER {self.trigger} BEFORE INSERT OR UPDATE ON {self.table}\n    FOR EACH ROW\n"
                        f"    WHEN ({self.missing_new})\n    EXECUTE FUNCTION {self.function}()",
                    ),
                    Said("", f"ALTER TABLE {self.table} ENABLE ALWAYS TRIGGER {self.trigger}"),
                ),
            ),
        )

    def backfill(self) -> Said:
        return Said(
            "Written as for the whole table; it runs in batches.",
            f"UPDATE {self.table} SET {self.column} = {self.value} WHERE {self.missing}",
        )

    def end(self, if_there: str = "") -> tuple[Said, ...]:
        """For contract and for revert."""
        return (
            Said("", f"DROP TRIGGER {if_there}{self.trigger} ON {self.table}"),
            Said("", f"DROP FUNCTION {if_there}{self.function}()"),
        )
