"""Attaching a table as a partition while everybody works: shared by making a new one and attaching an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.partition_bounds import outside
from zdmigrate.recipes.parts.phased import Said, Step
from zdmigrate.schema.bounds import is_outside
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Bound
    from zdmigrate.schema.relations import Table

NOT_SEEN = (
    "zdmigrate: allow attach-partition-scan because PostgreSQL sees the proof in the CHECK above, and lint does not"
)


class Cleared(NamedTuple):
    """What the default partition needs before, and after; ``directive`` is for the ATTACH in between."""

    note: tuple[str, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Said, ...] = ()
    undone: tuple[Said, ...] = ()
    directive: str = ""


def default_of(parent: Table, ground: Ground) -> Table | None:
    tables = ground.furniture.catalog.tables
    children = (tables[child] for child in parent.children if child in tables)
    return next((child for child in children if child.default_partition), None)


def cleared_default(parent: Table, partition: str, bound: Bound | None, ground: Ground) -> Cleared:
    """The default partition has none of the new partition's rows: else ATTACH reads it all under ACCESS EXCLUSIVE."""
    default = default_of(parent, ground)
    if default is None or bound is None:
        return Cleared()
    proof = outside(parent, bound, ground)
    if proof is None:
        raise ground.refusal(
            f"ATTACH reads every row of {default.name}, the default partition, while nobody can read or write it; with "
            "a key of several columns no CHECK spares it",
            "write the phases by hand, and say how long it may take: zdmigrate new NAME begins a file",
        )
    name, alter = ground.free(default.name, partition, "apart"), f"ALTER TABLE {ground.spelled(default.name)}"
    because = f"such rows are to go into {partition}, which comes at once"
    proven = ground.furniture.with_script(f"{alter} ADD CONSTRAINT {spelled(name)} CHECK ({proof})").catalog
    seen = is_outside(default.name, parent.partition_key, bound, proven)
    dropped = f"{alter} DROP CONSTRAINT IF EXISTS {spelled(name)}"
    return Cleared(
        note=(
            f"Rows for {partition} that stand in {default.name.name} stop expand: move them first.",
            f"From its CHECK until the attach, {default.name.name} refuses new ones.",
        ),
        before=added_constraint(default, name, f"CHECK ({proof})", ground, allowed=because),
        after=(Said("The bounds say it now.", f"{alter} DROP CONSTRAINT {spelled(name)}"),),
        undone=(Said("", dropped),),
        directive="" if seen else NOT_SEEN,
    )


def detached(parent: Table, table: Table, ground: Ground) -> tuple[Said, ...]:
    """The partition a table by itself again, without the CHECK that CONCURRENTLY leaves of its bounds."""
    alter, name = f"ALTER TABLE {ground.spelled(parent.name)}", ground.spelled(table.name)
    default = default_of(parent, ground)
    if default is not None:
        return (
            Said(
                f"Beside a default partition there is no CONCURRENTLY: {parent.name.name} is locked for a moment, and "
                "no row is read.\nzdmigrate: allow detach-partition because a default partition leaves no other form",
                f"{alter} DETACH PARTITION {name}",
            ),
        )
    middle = parent.partition_key[0] if len(parent.partition_key) == 1 else ""
    left = ground.free(table.name, middle, "check")
    return (
        Said(
            "CONCURRENTLY: it waits for running queries, and nobody waits for it.",
            f"{alter} DETACH PARTITION {name} CONCURRENTLY",
        ),
        Said("What it leaves of the bounds.", f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {spelled(left)}"),
    )
