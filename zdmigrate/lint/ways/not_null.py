"""NOT NULL in steps: a CHECK that is validated beside readers and writers proves it, and goes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import RefusedError
from zdmigrate.schema.constraints import free_name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.lint.place import Place
    from zdmigrate.schema.relations import Table


def table_of(place: Place) -> Table:
    """The table as the catalog has it; RefusedError where ONLY leaves its children out."""
    table = place.catalog.table_or_new(place.operation.relation)
    if place.facts["only"] and table.children:
        raise RefusedError("ONLY leaves out the tables below it, and a CHECK cannot")
    return table


def proof(place: Place, column: str, written: str) -> tuple[str, str, str]:
    """What adds the CHECK, what validates it, and what drops it again; ``written`` is the column as SQL has it.

    Its name is none that the server would choose: on 18 SET NOT NULL makes a constraint called TABLE_COLUMN_not_null.
    """
    table = table_of(place)
    name = spelled(free_name(table.name.name, column, "not_null_check", table.constraints.__contains__))
    return (
        place.sql("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", place.alter_table, name, written),
        place.sql("{} VALIDATE CONSTRAINT {}", place.alter_table, name),
        place.sql("{} DROP CONSTRAINT {}", place.alter_table, name),
    )


def all_steps(place: Place, column: str, written: str) -> tuple[str, ...]:
    """The proof with what it is for in its place."""
    add, validate, drop = proof(place, column, written)
    return add, validate, place.sql("{} ALTER COLUMN {} SET NOT NULL", place.alter_table, written), drop
