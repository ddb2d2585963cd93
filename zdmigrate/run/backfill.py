"""Runs a backfill over ranges of heap blocks: the cursor is written with the batch, so it can stop at any point.

Ranges of blocks need no key and read the table in its own order (TID Range Scan, PostgreSQL 14 and newer). Rows that
an UPDATE moves out of an unread range were filled by the change's trigger; what no trigger filled, the verifying
count at the end finds, in one statement over one snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg

from zdmigrate.errors import StepFailed
from zdmigrate.ledger.ledger import one
from zdmigrate.run.batches import BatchSize, Rate
from zdmigrate.run.commit import commit
from zdmigrate.run.events import BackfillProgress, StepResult
from zdmigrate.run.relations import quoted
from zdmigrate.run.session import connection_lost, failed, state_after
from zdmigrate.run.steps import write_done
from zdmigrate.run.transactions import RETRIED

if TYPE_CHECKING:
    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.session import Session

PASSES = 10
ROW_LOCK_TIMEOUT = 0.020  # below deadlock_timeout: the app is never a deadlock's victim because of a batch


class Range(NamedTuple):
    """A leaf table's place: blocks from ``next_block`` to before ``last_block`` are still to do."""

    relation: int
    name: str
    filenode: int
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
    try:
        with session.settings(step):
            rows = _Runner(session, plan, step, step.backfill).run()
            _finish(session, plan, step)
    except psycopg.OperationalError as error:
        if session.connection.broken:
            raise connection_lost(plan, step, error) from None
        raise failed(plan, step, error) from None
    except psycopg.Error as error:
        session.roll_back()
        raise failed(plan, step, error) from None
    return StepResult(session.limits.clock() - start, rows=rows)


def remaining_rows(session: Session, step: Step) -> int:
    """How many rows a backfill has still to change, in one snapshot; 0 for INSERT, whose passes tell."""
    assert step.backfill is not None
    if step.backfill.remaining is None:
        return 0
    with session.settings(step):
        return int(one(session.connection, step.backfill.remaining)[0])


class _Runner:
    """One backfill, one worker: passes over all leaf tables until none has a row left to change."""

    def __init__(self, session: Session, plan: Plan, step: Step, backfill: Backfill) -> None:
        self.session, self.plan, self.step, self.backfill = session, plan, step, backfill
        self.connection = session.connection
        self.rate = Rate(session.limits.clock)
        self.rows = 0

    def run(self) -> int:
        """Rows changed in all passes of this run."""
        number = self._pass_number()
        while True:
            changed = self._pass(number)
            if self._complete(changed):
                return self.rows
            if number >= PASSES:
                raise self._unfinished()
            number += 1

    def _complete(self, changed: int) -> bool:
        if self.backfill.remaining is None:
            return changed == 0
        return remaining_rows(self.session, self.step) == 0

    def _pass(self, number: int) -> int:
        """One pass over every leaf; rows it changed."""
        before = self.rows
        for relation, name in self._leaves():
            place = self._place(relation, name, number)
            while place.next_block < place.last_block:
                place = self._batches(place)
        return self.rows - before

    def _batches(self, place: Range) -> Range:
        """Batches to the end of the range, or until the table was rewritten under us: then its new range."""
        size = BatchSize(self._blocks_of(place))
        while place.next_block < place.last_block:
            end = min(place.next_block + size.blocks, place.last_block)
            began = self.session.limits.clock()
            try:
                changed = self._batch(place, end)
            except RETRIED:
                self.session.roll_back()
                size.halve()
                self.session.limits.sleep(ROW_LOCK_TIMEOUT)
                continue
            if changed is None:
                return self._restart(place)
            size.took(self.session.limits.clock() - began)
            place = self._tell(place._replace(next_block=end, rows=place.rows + changed), changed)
        return place

    def _batch(self, place: Range, end: int) -> int | None:
        """Change one range's rows and move the cursor; None, and nothing done, when the table has a new file."""
        connection = self.connection
        connection.execute("BEGIN")
        self.session.lease.guard(connection)
        self.session.limit(0, lock=ROW_LOCK_TIMEOUT)
        connection.execute("SET LOCAL synchronous_commit = off")
        changed = connection.execute(self.backfill.batch_sql(place.next_block, end).encode()).rowcount
        if self._filenode(place.relation) != place.filenode:  # read after the statement's lock: it holds still now
            connection.rollback()
            return None
        connection.execute(
            "UPDATE zdmigrate.backfill SET next_block = %s, rows = rows + %s"
            " WHERE app = %s AND change = %s AND position = %s AND relation = %s",
            [end, changed, *self._key(), place.relation],
        )
        connection.execute("COMMIT")
        return changed

    def _leaves(self) -> list[tuple[int, str]]:
        """The driving table, or its leaf partitions and children: what has blocks of its own."""
        query = """
            WITH RECURSIVE tree AS (
                SELECT pg_catalog.to_regclass(%s)::oid AS relation
                UNION ALL
                SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.relation
            )
            SELECT c.oid, c.oid::regclass::text FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.relation
            WHERE c.relkind = 'r' ORDER BY c.oid
        """
        leaves = self.connection.execute(query, [quoted(self.backfill.table)]).fetchall()
        if not leaves:
            raise StepFailed(
                f"{self.step.path}:{self.step.line}: there is no table {self.backfill.table} to backfill",
                state=state_after(self.plan, self.step),
                hint="zdmigrate doctor",
            )
        return [(relation, name) for relation, name in leaves]

    def _place(self, relation: int, name: str, number: int) -> Range:
        """Where a leaf's backfill stands; its row is made, or set back for a new pass or a new file, if need be."""
        query = (
            "SELECT filenode, next_block, last_block, rows, pass FROM zdmigrate.backfill"
            " WHERE app = %s AND change = %s AND position = %s AND relation = %s"
        )
        row = self.connection.execute(query, [*self._key(), relation]).fetchone()
        if row is None or row[0] != self._filenode(relation) or row[4] < number:
            return self._new_place(relation, name, number, row[3] if row else 0)
        return Range(relation, name, *row)

    def _new_place(self, relation: int, name: str, number: int, rows: int) -> Range:
        query = """
            INSERT INTO zdmigrate.backfill
                (app, change, position, relation, filenode, next_block, last_block, rows, pass)
            SELECT %(app)s, %(change)s, %(position)s, %(relation)s, pg_catalog.pg_relation_filenode(%(relation)s), 0,
                   pg_catalog.pg_relation_size(%(relation)s) / pg_catalog.current_setting('block_size')::bigint,
                   %(rows)s, %(pass)s
            ON CONFLICT (app, change, position, relation) DO UPDATE
                SET filenode = excluded.filenode, next_block = 0, last_block = excluded.last_block, pass = excluded.pass
            RETURNING filenode, next_block, last_block, rows, pass
        """
        app, change, position = self._key()
        values = {"app": app, "change": change, "position": position, "relation": relation}
        with self.connection.transaction():
            self.session.lease.guard(self.connection)
            row = self.connection.execute(query, {**values, "rows": rows, "pass": number}).fetchone()
        assert row is not None
        return Range(relation, name, *row)

    def _restart(self, place: Range) -> Range:
        self.session.listener.note(f"{place.name} was rewritten meanwhile (VACUUM FULL, CLUSTER …): starting it again")
        return self._new_place(place.relation, place.name, place.pass_number, place.rows)

    def _tell(self, place: Range, changed: int) -> Range:
        self.rows += changed
        self.rate.add(changed, place.next_block)
        progress = BackfillProgress(
            relation=place.name,
            done=place.next_block,
            total=place.last_block,
            rows=place.rows,
            rate=self.rate.rows,
            seconds_left=self.rate.seconds_for(place.last_block - place.next_block),
            pass_number=place.pass_number,
        )
        self.session.listener.progress(self.step, progress)
        return place

    def _pass_number(self) -> int:
        query = (
            "SELECT coalesce(pg_catalog.max(pass), 1) FROM zdmigrate.backfill"
            " WHERE app = %s AND change = %s AND position = %s"
        )
        return int(one(self.connection, query, self._key())[0])

    def _filenode(self, relation: int) -> int | None:
        number = one(self.connection, "SELECT pg_catalog.pg_relation_filenode(%s)", [relation])[0]
        return None if number is None else int(number)

    def _blocks_of(self, place: Range) -> int | None:
        """The section's ``batch=ROWS`` in blocks, by the table's own density; None where it says nothing."""
        if self.backfill.batch is None:
            return None
        query = "SELECT reltuples / greatest(relpages, 1) FROM pg_catalog.pg_class WHERE oid = %s"
        per_block = max(float(one(self.connection, query, [place.relation])[0]), 1.0)
        return max(1, round(self.backfill.batch / per_block))

    def _key(self) -> list[str | int]:
        return [self.plan.app, self.plan.change, self.step.position]

    def _unfinished(self) -> StepFailed:
        left = remaining_rows(self.session, self.step)
        return StepFailed(
            f"{self.step.path}:{self.step.line}: {left} rows of {self.backfill.table} are still not as the backfill "
            f"would have them after {PASSES} passes: something keeps writing them otherwise",
            state=state_after(self.plan, self.step),
            hint="keep new rows right with a trigger in the expand section, then run the same command again",
        )


def _finish(session: Session, plan: Plan, step: Step) -> None:
    session.connection.execute("BEGIN")
    session.lease.guard(session.connection)
    xid = write_done(session.connection, session.lease, plan, step)
    commit(session, xid)
