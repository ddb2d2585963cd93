"""With which phase of a change Alembic has to hear that a revision was run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.plan.step import TRANSACTION, Step

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name
    from zdmigrate.sources.change import Change


def version_table(change: Change, phase: str) -> Name | None:
    """Alembic's, where it has to hear of this phase: a revision is run by its expand or by its contract alone."""
    revision = change.revision
    return revision.version_table if revision and revision.contracts == (phase == "contract") else None


def empty_step(change: Change, phase: str) -> Step:
    """Of a revision that does nothing, as one that merges branches: there is its version to write all the same."""
    return Step(position=0, section=phase, mode=TRANSACTION, path=change.path, line=1, statements=())
