"""Attach a partition: what ATTACH would read, build or prove under its locks is done before, while everybody works.

1. a CHECK with the bounds, looked through by itself;
2. the parent's indexes, keys and foreign keys that the table has not;
3. ATTACH, which then reads nothing of the table; the CHECK goes.

A default partition ATTACH reads whole, for no longer than the lock budget: no query fails, none waits longer, and where
it is too large for that nothing happens. A CHECK of it would spare that, but refuse rows that versions write until the
attach; ``--allow 'not-additive-in-expand=WHY'`` says that none does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.building import added_constraint, built_index, proven_not_null
from zdmigrate.recipes.parts.definitions import index_columns, key_parts
from zdmigrate.recipes.parts.partition_bounds import within
from zdmigrate.recipes.parts.partitions import NOT_SEEN, cleared_default, detached
from zdmigrate.recipes.parts.phased import Phased, Said, Step
from zdmigrate.schema.bounds import is_within
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.schema.operations import AttachPartition
    from zdmigrate.schema.relations import Table

OPERATIONS = ("attach_partition",)
MEANWHILE = ("finds the rows of the new partition in the parent", "reads and writes them through the parent")
_ANYWAY = "the partition has it anyway from expand on"


class Prepared(NamedTuple):
    """What the table gets before it is attached, and how a revert takes it from it again."""

    steps: tuple[Step, ...]
    undone: tuple[Said, ...]


def recipe(operation: AttachPartition, ground: Ground) -> Phased:
    parent, table = ground.table(operation.relation), ground.table(operation.partition)
    alter, part = f"ALTER TABLE {ground.spelled(parent.name)}", f"ALTER TABLE {ground.spelled(table.name)}"
    written = ground.text_of(operation)
    cleared = cleared_default(parent, table.name.name, operation.bound, ground)
    check, proof, directive = _proven(operation, parent, table, ground)
    own = tuple(_prepared(parent, table, ground))
    attach = "SHARE UPDATE EXCLUSIVE on the parent: readers and writers go on, and no row of the new partition is read."
    directives = "\n".join(dict.fromkeys(filter(None, (directive, cleared.directive))))
    return Phased(
        table=parent.name,
        notes=(f"{table.name.name} is seen through {parent.name.name} from expand on.", *cleared.note),
        filled=(
            *proof,
            *(step for each in own for step in each.steps),
            *cleared.before,
            Said("\n".join(filter(None, (attach, cleared.lock, directives))), f"{alter} {written}"),
            *cleared.after,
            *((Said("The bounds say it now.", f"{part} DROP CONSTRAINT {spelled(check)}"),) if check else ()),
        ),
        revert=(
            *detached(parent, table, ground),
            *cleared.undone,
            *(said for each in reversed(own) for said in each.undone),
            *((Said("", f"{part} DROP CONSTRAINT IF EXISTS {spelled(check)}"),) if check else ()),
        ),
    )


def _proven(
    operation: AttachPartition, parent: Table, table: Table, ground: Ground
) -> tuple[str, tuple[Step, ...], str]:
    """The CHECK that every row is within the bounds; none for a default partition without siblings, or where one is."""
    key, catalog = parent.partition_key, ground.furniture.catalog
    if is_within(table.name, key, operation.bound, catalog):
        return "", (), ""
    if operation.default:
        raise ground.refusal(
            f"{table.name} becomes the default partition: ATTACH reads it all, for what no other partition takes",
            "attach it empty, and let a backfill move the rows",
        )
    condition = within(parent, operation.bound, ground.text_of(operation), ground)
    name = ground.free(table.name, "", "bounds")
    alter = f"ALTER TABLE {ground.spelled(table.name)}"
    seen = ground.furniture.with_script(f"{alter} ADD CONSTRAINT {spelled(name)} CHECK ({condition})").catalog
    because = "the partition refuses such rows anyway from expand on"
    steps = added_constraint(table, name, f"CHECK ({condition})", ground, allowed=because)
    return name, steps, "" if is_within(table.name, key, operation.bound, seen) else NOT_SEEN


def _prepared(parent: Table, table: Table, ground: Ground) -> Iterator[Prepared]:
    """What ATTACH would make on the table while it holds its locks: of the parent, and of its own parents."""
    tables = ground.furniture.catalog.tables
    while True:
        for each in ground.furniture.on(parent.name, None, "index"):
            yield from _index(each, table, ground)
        for each in ground.furniture.on(parent.name, None, "constraint"):
            yield from _constraint(each, table, ground)
        if parent.partition_of not in tables or parent.partition_of is None:
            return
        parent = tables[parent.partition_of]


def _same(one: str, other: str) -> bool:
    plain = ("".join(each.lower().split()).removeprefix("usingbtree") for each in (one, other))
    return next(plain) == next(plain)


def _index(each: Hanging, table: Table, ground: Ground) -> Iterator[Prepared]:
    own = ground.furniture.on(table.name, None, "index")
    if any(_same(each.sql, index.sql) and each.type == index.type for index in own):
        return
    name = ground.free(table.name, "_".join(index_columns(each.sql)), "idx")
    unique = each.type == "unique"
    built = built_index(table, name, each.sql, ground, unique=unique, why=_as(each, unique=unique))
    yield Prepared(built, (Said("", f"DROP INDEX CONCURRENTLY IF EXISTS {ground.beside(table.name, name)}"),))


def _as(each: Hanging, *, unique: bool) -> str:
    """Why: what the parent's index forbids, the partition refuses from the attach on."""
    return f"As {each.name} has it." + (
        f"\nzdmigrate: allow not-additive-in-expand because {_ANYWAY}" if unique else ""
    )


def _constraint(each: Hanging, table: Table, ground: Ground) -> Iterator[Prepared]:
    own = ground.furniture.on(table.name, None, "constraint")
    if each.type in ("check", "not_null") or any(
        each.type == other.type and each.columns == other.columns for other in own
    ):
        return  # ATTACH refuses a table that has not the parent's CHECKs: they are for the naive file to add
    alter = f"ALTER TABLE {ground.spelled(table.name)}"
    if each.type == "foreign_key":
        name = ground.claim(table.name, each.name)
        steps = added_constraint(table, name, each.sql, ground, allowed=_ANYWAY)
    else:
        label = "pkey" if each.type == "primary_key" else "key"
        name = ground.free(table.name, "" if label == "pkey" else "_".join(each.columns), label)
        steps = _key(each, table, name, ground)
    undone = [Said("", f"{alter} DROP CONSTRAINT IF EXISTS {spelled(name)}")]
    if each.type != "foreign_key":
        undone.append(Said("", f"DROP INDEX CONCURRENTLY IF EXISTS {ground.beside(table.name, name)}"))
    yield Prepared(steps, tuple(undone))


def _key(each: Hanging, table: Table, name: str, ground: Ground) -> tuple[Step, ...]:
    if table.partitioned:
        raise ground.refusal(
            f"{table.name} is partitioned, and has no {each.name}: its keys have no USING INDEX",
            f"give it the key in a change before: ALTER TABLE {ground.spelled(table.name)} ADD {each.sql}",
        )
    kind, parts = "PRIMARY KEY" if each.type == "primary_key" else "UNIQUE", key_parts(each.sql)
    steps: tuple[Step, ...] = built_index(table, name, parts.built, ground, unique=True, why=_as(each, unique=True))
    for column in each.columns if each.type == "primary_key" else ():
        if not table.columns[column].not_null:
            proof, mark = proven_not_null(table, column, ground)
            steps += (*proof, *mark)
    add = f"ALTER TABLE {ground.spelled(table.name)} ADD CONSTRAINT {spelled(name)}"
    using = Said("The index is there: the catalog alone changes.", f"{add} {kind} USING INDEX {spelled(name)}")
    return (*steps, using)
