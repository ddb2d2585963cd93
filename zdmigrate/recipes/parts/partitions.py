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


_BUDGETED = "the lock budget ends it where the default partition is too large for that"
_AT_ONCE = 100_000_000  # bytes that a server reads within the usual lock budget of 200 ms, at 500 MB a second
ANSWER = "not-additive-in-expand"


class Cleared(NamedTuple):
    """What the default partition needs before, and after; ``lock`` and ``directive`` are for the ATTACH in between."""

    note: tuple[str, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Said, ...] = ()
    undone: tuple[Said, ...] = ()
    directive: str = ""
    lock: str = ""


def default_of(parent: Table, ground: Ground) -> Table | None:
    tables = ground.furniture.catalog.tables
    children = (tables[child] for child in parent.children if child in tables)
    return next((child for child in children if child.default_partition), None)


def cleared_default(parent: Table, partition: str, bound: Bound | None, ground: Ground) -> Cleared:
    """ATTACH sees to it that the default partition has none of the new partition's rows, under ACCESS EXCLUSIVE.

    It reads all of it, which the runner bounds by the lock budget. A CHECK spares that, and refuses what versions
    write there meanwhile: an answer of the user's says that none does.
    """
    default = default_of(parent, ground)
    if default is None or bound is None:
        return Cleared()
    if is_outside(default.name, parent.partition_key, bound, ground.furniture.catalog):
        return Cleared()
    reason = ground.answers.allow.get(ANSWER)
    if reason is not None:
        return _proven_apart(parent, default, partition, bound, reason, ground)
    _refuse_large(parent, default, partition, ground)
    name = default.name.name
    return Cleared(
        note=(
            f"ATTACH reads {name}, the default partition: for longer than the lock budget, and expand gives up with 4.",
            f"Rows for {partition} that stand in {name} stop it, too: move them first.",
        ),
        directive=f"zdmigrate: allow attach-partition-scan because {_BUDGETED}",
        lock=f"Of {name} every row is read, under ACCESS EXCLUSIVE, for no longer than the lock budget.",
    )


def _refuse_large(parent: Table, default: Table, partition: str, ground: Ground) -> None:
    """Raise CannotRewrite for a default partition that nobody can read through within the usual lock budget."""
    size = ground.furniture.sizes.get(default.name, 0)
    if size <= _AT_ONCE:
        return
    moved = f"give the rows of {default.name.name} partitions of their own first, until it is small"
    checked = f"; or, if no version writes rows for {partition} before expand is done, --allow '{ANSWER}=WHY'"
    raise ground.refusal(
        f"ATTACH reads {default.name}, the default partition, while nobody else can use it: {size // 1_000_000} MB, "
        "which is more than a lock budget of 200 ms",
        moved + (checked if len(parent.partition_key) == 1 else ""),
    )


def _proven_apart(parent: Table, default: Table, partition: str, bound: Bound, reason: str, ground: Ground) -> Cleared:
    proof = outside(parent, bound, ground)
    if proof is None:
        raise ground.refusal(
            f"with a key of several columns no CHECK spares the reading of {default.name}, the default partition",
            f"leave --allow {ANSWER} out: the lock budget bounds it",
        )
    name, alter = ground.free(default.name, partition, "apart"), f"ALTER TABLE {ground.spelled(default.name)}"
    proven = ground.furniture.with_script(f"{alter} ADD CONSTRAINT {spelled(name)} CHECK ({proof})").catalog
    seen = is_outside(default.name, parent.partition_key, bound, proven)
    dropped = f"{alter} DROP CONSTRAINT IF EXISTS {spelled(name)}"
    return Cleared(
        note=(
            f"Rows for {partition} that stand in {default.name.name} stop expand: move them first.",
            f"From its CHECK until the attach, INSERTs of rows for {partition} fail: {reason}.",
        ),
        before=added_constraint(default, name, f"CHECK ({proof})", ground, allowed=reason),
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
