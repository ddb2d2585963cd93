"""What one phase sends, as an operation that autogenerate renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import render
from alembic.operations.ops import MigrateOperation

from zdmigrate.alembic.body import Line, body_of, commented, for_alembic
from zdmigrate.sources.op_calls import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.autogenerate.api import AutogenContext

    from zdmigrate.alembic.native import Native
    from zdmigrate.alembic.runs import Run

BACKFILL = "import zdmigrate.alembic.operations"


class PhaseOp(MigrateOperation):
    """The runs of one direction of a revision. ``ops`` is what Alembic found: ``alembic check`` tells it."""

    def __init__(
        self,
        runs: Sequence[Run],
        native: Native,
        found: Sequence[MigrateOperation],
        *,
        notes: Sequence[str] = (),
        instead: Sequence[Line] = (),
    ) -> None:
        self.runs = runs
        self.native = native
        self.ops = found
        self.notes = notes
        self.instead = instead


@render.renderers.dispatch_for(PhaseOp)
def _rendered(context: AutogenContext, operation: PhaseOp) -> list[str]:
    def own(sql: str) -> list[str] | None:
        found = operation.native.get(words_of(sql))
        return None if found is None else [line for each in found for line in render.render_op(context, each)]

    if any(run.way == "backfill" for run in operation.runs):
        context.imports.add(BACKFILL)
    notes = [Line(0, line) for note in operation.notes for line in commented(note)]
    body = operation.instead or body_of(operation.runs, own) or [Line(0, "pass")]
    return list(for_alembic([*notes, *body]))
