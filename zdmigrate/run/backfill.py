"""Runs a backfill over ranges of heap blocks: the cursor is written with the batch, so it can stop at any point.

Ranges of blocks need no key and read the table in its own order (TID Range Scan, PostgreSQL 14 and newer). Rows that
an UPDATE moves out of an unread range were filled by the change's trigger; what no trigger filled, the verifying
count at the end finds, in one statement over one snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError, StepFailed
from zdmigrate.ledger.ledger import one
from zdmigrate.run.batch_plan import refuse_whole_table_plan
from zdmigrate.run.batches import BatchSize, Rate
from zdmigrate.run.commit import commit
from zdmigrate.run.events import BackfillProgress, StepResult
from zdmigrate.run.refused_row import BLAMED, refused_in_batch
from zdmigrate.run.relations import quoted
from zdmigrate.run.session import failed, state_after, told
from zdmigrate.run.stall import Stall
from zdmigrate.run.steps import write_done
from zdmigrate.run.transactions import RETRIED

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.session import Session

PASSES = 10
TARGET = 0.25  # of the lock budget: how long a batch should hold its row locks
LONGEST = 0.75  # of the lock budget: after which a batch is cancelled and halved
ROW_LOCK_TIMEOUT = 0.020  # below deadlock_timeout: the app is never a deadlock's victim because of a batch


class Place(NamedTuple):
    """Where a backfill stands: blocks from ``next_block`` to before ``last_block`` are still to do in this pass."""

    files: int
    next_block: int
    last_block: int
    rows: int
    pass_number: int


def run_backfill(session: Session, plan: Plan, step: Step) -> StepResult:
    """Fill what is not filled, batch by batch, then verify it, and write that the step is done.

    Raises StepFailed when a row cannot be converted (progress is kept) or rows differ after ten passes.
    """
    assert step.backfill is not None
    start = session.limits.clock()
    with told(session, plan, step), session.settings(step):
        rows = _Runner(session, plan, step, step.backfill).run()
        _finish(session, plan, step)
    return StepResult(session.limits.clock() - start, rows=rows)


def remaining_rows(session: Session, step: Step) -> int:
    """How many rows a backfill has still to change, in one snapshot; 0 for INSERT, whose passes tell."""
    assert step.backfill is not None
    with session.settings(step):
        return _remaining(session, step.backfill)


def _remaining(session: Session, backfill: Backfill) -> int:
    return int(one(session.connection, backfill.remaining)[0]) if backfill.remaining else 0


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
    """One backfill, one worker: passes over the table until none has a row left to change."""

    def __init__(self, session: Session, plan: Plan, step: Step, backfill: Backfill) -> None:
        self.session, self.plan, self.step, self.backfill = session, plan, step, backfill
        self.connection = session.connection
        self.key = {"app": plan.app, "change": plan.change, "position": step.position}
        self.table = quoted(backfill.table)
        self.rate = Rate(session.limits.clock)
        self.stall = Stall(session, plan, step, self.table)
        self.rows = 0

    def run(self) -> int:
        """Rows changed in all passes of this run."""
        refuse_whole_table_plan(self.session, self.step, self.backfill)
        place = self._place()
        last = place.pass_number + PASSES - 1  # a later run tries as often again: what kept undoing it may be gone
        while True:
            before, whole = self.rows, place.next_block == 0
            place = self._pass(place)
            if self._complete(self.rows - before, whole):
                return self.rows
            if place.pass_number >= last:
                raise self._unfinished()
            place = self._new_place(place.rows, place.pass_number + 1)

    def _complete(self, changed: int, whole: bool) -> bool:
        """Nothing is left to do. For INSERT only a pass over the whole table tells: rows come in behind a cursor."""
        if self.backfill.remaining is None:
            return whole and changed == 0
        return _remaining(self.session, self.backfill) == 0

    def _pass(self, place: Place) -> Place:
        """Batches from the cursor to the table's end; from its beginning when it was rewritten under us."""
        size = BatchSize(self.session.limits.budget * TARGET, self._fixed_blocks())
        while place.next_block < place.last_block:
            end = min(place.next_block + size.blocks, place.last_block)
            began = self.session.limits.clock()
            try:
                changed = self._batch(place, end)
            except RETRIED as error:
                self.session.roll_back()
                size.halve()
                self.stall.met(error, place.next_block)
                continue
            except BLAMED as error:
                self.session.roll_back()
                row = refused_in_batch(self.session, self.backfill, place.next_block, end)
                raise failed(self.plan, self.step, error, row) from None
            self.stall.over()
            if changed is None:
                self.session.listener.note(f"{self.backfill.table} was rewritten meanwhile: starting it again")
                place = self._new_place(place.rows, place.pass_number)
                continue
            size.took(self.session.limits.clock() - began)
            place = place._replace(next_block=end, rows=place.rows + changed)
            self._tell(place, changed)
        return place

    def _batch(self, place: Place, end: int) -> int | None:
        """Change one range's rows and move the cursor; None, and nothing done, when the table has other files."""
        connection = self.connection
        connection.execute("BEGIN")
        self.session.lease.guard(connection)
        self.session.limit(self.session.limits.budget * LONGEST, lock=ROW_LOCK_TIMEOUT)
        connection.execute("SET LOCAL synchronous_commit = off")
        changed = connection.execute(self.backfill.batch_sql(place.next_block, end).encode()).rowcount
        if self._files()[0] != place.files:  # read after the statement's lock: they hold still now
            connection.rollback()
            return None
        connection.execute(
            "UPDATE zdmigrate.backfill SET next_block = %(end)s, rows = rows + %(changed)s"
            " WHERE app = %(app)s AND change = %(change)s AND position = %(position)s",
            {**self.key, "end": end, "changed": changed},
        )
        connection.execute("COMMIT")
        return changed

    def _files(self) -> tuple[int, int]:
        """A hash of the files of the table and its partitions, and the blocks of the longest of them."""
        query = """
            WITH RECURSIVE tree AS (
                SELECT pg_catalog.to_regclass(%s)::oid AS relation
                UNION ALL
                SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.relation
            )
            SELECT pg_catalog.hashtextextended(
                       pg_catalog.string_agg(
                           c.oid || ':' || pg_catalog.pg_relation_filenode(c.oid), ' ' ORDER BY c.oid), 0),
                   pg_catalog.max(pg_catalog.pg_relation_size(c.oid))
                       / pg_catalog.current_setting('block_size')::bigint
            FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.relation WHERE c.relkind IN ('r', 'm')
        """
        files, blocks = one(self.connection, query, [self.table])
        if files is None:
            raise StepFailed(
                f"{self.step.path}:{self.step.line}: there is no table {self.backfill.table} with rows to backfill",
                state=state_after(self.plan, self.step),
                hint="zdmigrate doctor",
            )
        return int(files), int(blocks)

    def _place(self) -> Place:
        """Where the backfill stands; at the beginning if it is new, or if the table has other files by now."""
        query = (
            "SELECT files, next_block, last_block, rows, pass, fingerprint FROM zdmigrate.backfill"
            " WHERE app = %(app)s AND change = %(change)s AND position = %(position)s"
        )
        row = self.connection.execute(query, self.key).fetchone()
        if row is not None and row[5] != self.step.fingerprint:
            raise _edited(self.plan, self.step)
        if row is None or row[0] != self._files()[0]:
            return self._new_place(row[3] if row else 0, 1)
        return Place(*row[:5])

    def _new_place(self, rows: int, number: int) -> Place:
        query = """
            INSERT INTO zdmigrate.backfill
                (app, change, position, fingerprint, files, next_block, last_block, rows, pass)
            VALUES (%(app)s, %(change)s, %(position)s, %(fingerprint)s, %(files)s, 0, %(blocks)s, %(rows)s, %(pass)s)
            ON CONFLICT (app, change, position) DO UPDATE
                SET files = excluded.files, next_block = 0, last_block = excluded.last_block, pass = excluded.pass
        """
        files, blocks = self._files()
        values = {**self.key, "files": files, "blocks": blocks, "rows": rows, "pass": number}
        with self.connection.transaction():
            self.session.lease.guard(self.connection)
            self.connection.execute(query, {**values, "fingerprint": self.step.fingerprint})
        return Place(files, 0, blocks, rows, number)

    def _tell(self, place: Place, changed: int) -> None:
        self.rows += changed
        self.rate.add(changed, place.next_block)
        progress = BackfillProgress(
            relation=str(self.backfill.table),
            done=place.next_block,
            total=place.last_block,
            rows=place.rows,
            rate=self.rate.rows,
            seconds_left=self.rate.seconds_for(place.last_block - place.next_block),
            pass_number=place.pass_number,
        )
        self.session.listener.progress(self.step, progress)

    def _fixed_blocks(self) -> int | None:
        """The section's ``batch=ROWS`` in blocks, by the table's own density; None where it says nothing."""
        if self.backfill.batch is None:
            return None
        query = (
            "SELECT reltuples / greatest(relpages, 1) FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(%s)"
        )
        per_block = max(float(one(self.connection, query, [self.table])[0]), 1.0)
        return max(1, round(self.backfill.batch / per_block))

    def _unfinished(self) -> StepFailed:
        table, left = self.backfill.table, _remaining(self.session, self.backfill)
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
    xid = write_done(session.connection, session.lease, plan, step)
    commit(session, xid)
