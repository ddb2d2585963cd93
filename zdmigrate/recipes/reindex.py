"""REINDEX: CONCURRENTLY, in expand; no schema changes, so that there is nothing to revert.

Interrupted, it leaves an invalid index whose name ends in _ccnew: the old one goes on to serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.rewording import concurrent_reindex

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Reindex

OPERATIONS = ("reindex",)


def recipe(operation: Reindex, ground: Ground) -> Phased:
    if operation.target == "system":
        raise ground.refusal(
            "the indexes of the system catalogs have no REINDEX CONCURRENTLY",
            "rebuild those that need it, one at a time, when nothing else runs",
        )
    told = operation.relation.name if operation.relation else operation.name or "the database"
    text = ground.text_of(operation)
    return Phased(
        notes=(
            f"{told} is built anew beside readers and writers.",
            "Where that is interrupted, an invalid index is left, named ..._ccnew: DROP INDEX CONCURRENTLY.",
        ),
        filled=(
            Said(
                "CONCURRENTLY: a second index beside the first, and then they change places.",
                text if operation.concurrently else concurrent_reindex(text),
            ),
        ),
    )
