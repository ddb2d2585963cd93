"""One thing that hangs on a table, with the SQL that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.renaming import renamed_definition
from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name


class Hanging(Value):
    """Something that hangs on ``table``; ``columns`` are those that it names, empty for the table itself.

    ``sql`` is, for an index or constraint, what stands behind its name; else the whole statement or action.
    """

    kind: str  # index | constraint | setting | comment | grant | statistics | trigger | policy | view | owned | other …
    table: Name
    name: str
    sql: str
    columns: tuple[str, ...] = ()
    type: str = ""  # of a constraint, as operations.Constraint has it
    statement: str = ""  # the whole statement, for messages

    @property
    def told(self) -> str:
        return f"{self.kind} {self.name}" if self.kind != "other" else self.name


def with_names(each: Hanging, names: dict[str, str]) -> Hanging:
    """The same thing on columns of other names. Only what has a definition of known shape can be named anew."""
    columns = tuple(names.get(column, column) for column in each.columns)
    if each.kind == "index":
        sql = renamed_definition(each.sql, "CREATE INDEX i ON t ", names, "", "include")
    elif each.kind == "constraint":
        sql = renamed_definition(each.sql, "ALTER TABLE t ADD ", names, *_lists(each))
    elif each.kind in ("setting", "comment", "grant", "statistics", "identity", "owned", "partition key"):
        return each.changed(columns=columns, type=each.type)
    else:
        return each.changed(columns=columns, kind="other", name=each.told)
    return each.changed(columns=columns, sql=sql)


def _lists(each: Hanging) -> tuple[str, ...]:
    return () if each.type == "check" else ("", "include")
