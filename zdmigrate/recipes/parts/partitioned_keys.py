"""Keys of a partitioned table, which take no USING INDEX: made in each partition, and put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint, built_index
from zdmigrate.recipes.parts.definitions import key_parts, listed_columns
from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.relations import Table

_EMPTY = "zdmigrate: allow {rule} because of the parent alone no row is read, and nothing is built"
_THERE = "zdmigrate: allow add-foreign-key-validating because every partition has it, and PostgreSQL takes theirs"


def partitioned_key(
    table: Table, name: str, definition: str, ground: Ground, *, primary: bool = False
) -> tuple[Step, ...]:
    """The constraint of a table and of all that is below it; valid once every partition's is attached.

    The columns of a primary key have to be NOT NULL by then (measured on 14 to 18).
    """
    key, parts = f"ADD CONSTRAINT {spelled(name)}", key_parts(definition)
    if not table.partitioned:
        kind = "PRIMARY KEY" if primary else "UNIQUE"
        using = f"ALTER TABLE {ground.spelled(table.name)} {key} {kind} USING INDEX {spelled(name)}{parts.deferrable}"
        take = Said("The index is there: the catalog alone changes.", using)
        return (*built_index(table, name, parts.built, ground, unique=True), take)
    below = [ground.furniture.catalog.tables[child] for child in table.children]
    columns, label = ("", "pkey") if primary else ("_".join(listed_columns(parts.built)), "key")
    names = [ground.free(each.name, columns, label) for each in below]
    pieces = list(zip(below, names, strict=True))
    whole = ground.beside(table.name, name)
    attached = [
        Said("", f"ALTER INDEX {whole} ATTACH PARTITION {ground.beside(each.name, part)}") for each, part in pieces
    ]
    rule = "add-primary-key" if primary else "add-unique-constraint"
    made = Said(_EMPTY.format(rule=rule), f"ALTER TABLE ONLY {ground.spelled(table.name)} {key} {definition}")
    return (
        *(step for each, part in pieces for step in partitioned_key(each, part, definition, ground, primary=primary)),
        Together("Every partition has it already: no row is read.", (made, *attached)),
    )


def partitioned_reference(table: Table, name: str, definition: str, ground: Ground) -> tuple[Step, ...]:
    """A foreign key where a partitioned table takes no NOT VALID: of each partition, proven, and then of the whole.

    ADD on the parent takes the partitions' own where they are alike, and reads nothing then (measured on 14 to 17).
    """
    steps = tuple(step for leaf in _leaves(table, ground) for step in added_constraint(leaf, name, definition, ground))
    add = f"ALTER TABLE {ground.spelled(table.name)} ADD CONSTRAINT {spelled(name)} {definition}"
    return (*steps, Said(f"Every partition has it already: no row is read.\n{_THERE}", add))


def _leaves(table: Table, ground: Ground) -> Iterator[Table]:
    for child in table.children:
        below = ground.furniture.catalog.tables[child]
        yield from _leaves(below, ground) if below.partitioned else (below,)
