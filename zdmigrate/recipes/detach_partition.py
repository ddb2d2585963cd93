"""Detach a partition: in contract, for old versions read its rows through the parent; CONCURRENTLY.

Interrupted, DETACH CONCURRENTLY leaves the partition half detached: its rows are unseen, and INSERTs of such rows fail,
until FINALIZE. The runner goes on there by itself; in expand it would be old versions that fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.partitions import detached
from zdmigrate.recipes.parts.phased import Phased

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DetachPartition

OPERATIONS = ("detach_partition",)
MEANWHILE = ("reads and writes the partition's rows through the parent", "needs none of them there")


def recipe(operation: DetachPartition, ground: Ground) -> Phased:
    parent, table = ground.table(operation.relation), ground.table(operation.partition)
    if operation.finalize:
        raise ground.refusal(
            "FINALIZE ends a DETACH that was interrupted: it is no change of its own",
            "run it by hand, now: until then, INSERTs into the partition fail",
        )
    return Phased(
        table=parent.name,
        notes=(
            f"{table.name.name} is no part of {parent.name.name} from contract on: no live version reads it there.",
        ),
        contract=detached(parent, table, ground),
    )
