"""Runs a backfill over ranges of heap blocks: the cursor is written with the batch, so it can stop at any point.

Ranges of blocks need no key and read the table in its own order (TID Range Scan, PostgreSQL 14 and newer). Rows that
an UPDATE moves out of an unread range were filled by the change's trigger; what no trigger filled, the verifying
count at the end finds, in one statement over one snapshot.
"""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError, StepFailed
from zdmigrate.ledger.ledger import one
from zdmigrate.run.backfills.batch_plan import refuse_whole_table_plan
from zdmigrate.run.backfills.brakes.guards import guarded
from zdmigrate.run.backfills.crew import Crew
from zdmigrate.run.backfills.cursors import Cursors
from zdmigrate.run.backfills.foreman import Foreman
from zdmigrate.run.backfills.leaves import leaves
from zdmigrate.run.backfills.quarantine import Quarantine, told_aside
from zdmigrate.run.backfills.ranges import Ranges
from zdmigrate.run.backfills.throttle import Throttle
from zdmigrate.run.backfills.valve import Valve
from zdmigrate.run.backfills.worker import Pass, Rewritten
from zdmigrate.run.commit import commit
from zdmigrate.run.events import StepResult
from zdmigrate.run.session import state_after, told

if TYPE_CHECKING:
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.backfills.cursors import Stand
    from zdmigrate.run.backfills.leaves import Leaf
    from zdmigrate.run.session import Session

PASSES = 10
UNANALYSED = 100.0  # rows in a block, where nobody has counted


def run_backfill(session: Session, config: Config, plan: Plan, step: Step) -> StepResult:
    """Fill what is not filled, batch by batch, then verify it, and write that the step is done.

    Raises StepFailed when a row cannot be converted (progress is kept) or rows differ after ten passes.
    """
    assert step.backfill is not None
    start = session.limits.clock()
    with told(session, plan, step), session.settings(step):
        rows = _Runner(session, config, plan, step, step.backfill).run()
        _finish(session, plan, step)
    return StepResult(session.limits.clock() - start, rows=rows)


def remaining_rows(session: Session, plan: Plan, step: Step) -> int:
    """How many rows a backfill has still to change, in one snapshot; 0 for INSERT, whose passes tell.

    Rows that are left aside are not among them.
    """
    assert step.backfill is not None
    with session.settings(step):
        return _remaining(session, Quarantine(plan, step, step.backfill))


def _remaining(session: Session, quarantine: Quarantine) -> int:
    counts = quarantine.remaining(session.connection)
    return int(one(session.connection, counts)[0]) if counts else 0


def refuse_edited(connection: Connection, plan: Plan) -> None:
    """Raise InputError where a backfill of ``plan`` that has begun reads otherwise now: before anything runs."""
    query = "SELECT position, fingerprint FROM zdmigrate.backfill WHERE app = %s AND change = %s"
    if plan.phase == "expand":
        begun: dict[int, str] = dict(connection.execute(query, [plan.app, plan.change]).fetchall())
        for step in plan.steps:
            if begun.get(step.position, step.fingerprint) != step.fingerprint:
                raise _edited(plan, step)


def _edited(plan: Plan, step: Step) -> InputError:
    return InputError(
        f"{step.path}:{step.line}: this backfill has begun, and reads otherwise now: some rows are filled by what it "
        f"was before",
        state=state_after(plan, step),
        hint=f"restore it as it was; or zdmigrate revert {plan.change}, and begin anew with the new text",
    )


class _Runner:
    """One backfill: passes over its table until none has a row left to change."""

    def __init__(self, session: Session, config: Config, plan: Plan, step: Step, backfill: Backfill) -> None:
        self.session, self.config, self.plan, self.step = session, config, plan, step
        self.backfill = backfill
        self.connection = session.connection
        self.cursors = Cursors(session.lease, plan, step, backfill)
        self.quarantine = Quarantine(plan, step, backfill)
        self.valve = Valve(session.limits.clock)
        self.throttle = Throttle(session, config.backfill, self.valve)
        self.foreman = Foreman(session, config.backfill, step, self.cursors, self.throttle)

    def run(self) -> int:
        """Rows changed in all passes of this run."""
        refuse_whole_table_plan(self.session, self.step, self.backfill)
        stand = self._stand()
        with guarded(self.connection, self.config.active_guards, self.cursors) as guards:
            self.throttle.brakes += guards
            rows = self._passes(stand)
        if aside := self.quarantine.rows(self.connection):
            self.session.listener.note(f"{self.plan.change}: {told_aside(aside)}")
        return rows

    def _passes(self, stand: Stand) -> int:
        last = stand.pass_number + PASSES - 1  # a later run tries as often again: what kept undoing it may be gone
        while True:
            before = self.foreman.rows
            whole = self._pass(stand)
            if self._complete(self.foreman.rows - before, whole):
                return self.foreman.rows
            if stand.pass_number >= last:
                raise self._unfinished()
            stand = self._begin_pass(stand.pass_number + 1)

    def _complete(self, changed: int, whole: bool) -> bool:
        """Nothing is left to do. For INSERT only a pass over the whole table tells: rows come in behind a cursor."""
        if self.backfill.remaining is None:
            return whole and changed == 0
        return _remaining(self.session, self.quarantine) == 0

    def _pass(self, stand: Stand) -> bool:
        """Every range to its end; those of a table that was rewritten under us once more.

        Whether it went through all of the table, and not only what an earlier run had left.
        """
        ranges = self._ranges()
        whole = ranges.blocks_left == stand.blocks
        while ranges.blocks_left:
            self.foreman.begin(stand, ranges)
            workers = self.throttle.settings.workers
            crew = Crew(self.session, self._shared(ranges), workers, self.foreman.changed)
            try:
                crew.run(self.foreman.tick)
            except Rewritten as error:
                table = error.leaf.name or self.backfill.table
                self.session.listener.note(f"{table} was rewritten meanwhile: starting it again")
                stand, ranges = self._stand(), self._ranges()
            finally:
                self._note(crew)
        return whole

    def _note(self, crew: Crew) -> None:
        self.session.roll_back()
        if not self.connection.closed:  # else the next run reckons from what was noted a second ago
            self.foreman.note(crew)

    def _shared(self, ranges: Ranges) -> Pass:
        return Pass(
            plan=self.plan,
            step=self.step,
            backfill=self.backfill,
            cursors=self.cursors,
            ranges=ranges,
            valve=self.valve,
            block_size=self._block_size(),
            quarantine=self.quarantine if self.config.backfill.on_row_error == "quarantine" else None,
            fixed=self._fixed_blocks(),
            events=SimpleQueue(),
        )

    def _ranges(self) -> Ranges:
        return Ranges(self.cursors.ranges(self.connection, self._leaves()), self._block_size())

    def _leaves(self) -> list[Leaf]:
        found = leaves(self.connection, self.backfill)
        if not found:
            raise StepFailed(
                f"{self.step.path}:{self.step.line}: there is no table {self.backfill.table} with rows to backfill",
                state=state_after(self.plan, self.step),
                hint="zdmigrate doctor",
            )
        return found

    def _stand(self) -> Stand:
        """Where the backfill stands; at the beginning if it is new."""
        stand = self.cursors.read(self.connection)
        if stand is None:
            return self._begin_pass(1)
        if stand.fingerprint != self.step.fingerprint:
            raise _edited(self.plan, self.step)
        if stand.blocks == 0:  # begun by an older zdmigrate, which kept its place otherwise
            return self._begin_pass(stand.pass_number)
        return stand

    def _begin_pass(self, number: int) -> Stand:
        self.cursors.begin_pass(self.connection, self._leaves(), number)
        stand = self.cursors.read(self.connection)
        assert stand is not None
        return stand

    def _block_size(self) -> int:
        return int(one(self.connection, "SELECT pg_catalog.current_setting('block_size')::bigint")[0])

    def _fixed_blocks(self) -> int | None:
        """The section's ``batch=ROWS`` in blocks, by the tables' own density; None where it says nothing."""
        if self.backfill.batch is None:
            return None
        query = (
            "SELECT greatest(pg_catalog.sum(reltuples), 0) / greatest(pg_catalog.sum(relpages), 1)"
            " FROM pg_catalog.pg_class WHERE oid = ANY (%s::oid[])"
        )
        oids = [leaf.oid for leaf in self._leaves()]
        per_block = float(one(self.connection, query, [oids])[0]) or UNANALYSED
        return max(1, round(self.backfill.batch / max(per_block, 1)))

    def _unfinished(self) -> StepFailed:
        table, left = self.backfill.table, _remaining(self.session, self.quarantine)
        what = (
            f"{PASSES} passes over {table} have all met new rows"
            if self.backfill.remaining is None
            else f"{left} rows of {table} are still not as the backfill would have them after {PASSES} passes: "
            f"something keeps writing them otherwise"
        )
        return StepFailed(
            f"{self.step.path}:{self.step.line}: {what}",
            state=state_after(self.plan, self.step),
            hint="keep new rows right with a trigger in the expand section, then run the same command again",
        )


def _finish(session: Session, plan: Plan, step: Step) -> None:
    session.connection.execute("BEGIN")
    session.lease.guard(session.connection)
    xid = session.write_done(plan, step)
    commit(session, xid)
