"""Runs a step in one transaction, its ledger row in it: look who is in the way, ask briefly, never hold for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from zdmigrate.errors import NotLocked, StepFailed
from zdmigrate.run.commit import commit, commit_locally
from zdmigrate.run.events import StepResult
from zdmigrate.run.footing import Footing
from zdmigrate.run.look import Watch
from zdmigrate.run.patience import Patience
from zdmigrate.run.relations import find_relations
from zdmigrate.run.session import GONE, state_after, told
from zdmigrate.run.watchdog import Witness, watched
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.relations import Relations
    from zdmigrate.run.session import Session

RETRIED = (errors.QueryCanceled, errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)
SLOW_TRIES = 5  # how often a step may need longer than the budget by itself before it is refused
COMMIT_SHARE = 0.1  # of the budget: kept for the COMMIT, during which the lock is still held
LAST_TRIPS = 2  # to the server and back, with the lock held, after a look at the clock: a statement's own, and COMMIT's
REPORT_EVERY = 2.0  # seconds between two words about who is in the way
# The end of the budget, kept on the server in milliseconds by its own clock: so each statement of a step can be given
# what is left of it without a question in between, and all of them are one message.
_UNTIL = """
    SELECT pg_catalog.set_config('zdmigrate.until',
               (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000 + %s)::bigint::text, true),
           pg_catalog.set_config('zdmigrate.budget', %s, true), pg_catalog.set_config('zdmigrate.patience', %s, true)
"""
# lock_timeout tells a lock that the plan did not know of from work that takes too long. Never more than the budget,
# also where the server's clock is set back.
_LEFT = """
    SELECT pg_catalog.set_config('statement_timeout', ms::text, true),
           pg_catalog.set_config('lock_timeout',
               least(ms, pg_catalog.current_setting('zdmigrate.patience')::int)::text, true)
    FROM (SELECT greatest(1, least(pg_catalog.current_setting('zdmigrate.budget')::int,
                     pg_catalog.current_setting('zdmigrate.until')::bigint
                     - extract(epoch FROM pg_catalog.clock_timestamp()) * 1000))::int AS ms) AS budget
"""


def run_transaction(session: Session, plan: Plan, step: Step, *, forgiving: bool = False) -> StepResult:
    """Run a step and write that it is done, both or neither.

    A step that stops writers is over within the lock budget or is rolled back and tried again, until the deadline
    (NotLocked). One that stops nobody takes the time it takes. ``forgiving`` skips statements whose object is
    already gone: the undoing of something half done. Raises StepFailed for what no new try can mend.
    """
    with told(session, plan, step), session.restored(step):
        relations = find_relations(session.connection, step.locks)
        if step.unknown or relations.blocks:
            try:
                return _Brief(session, plan, step, relations, forgiving).run()
            finally:
                session.roll_back()  # of a footing that no try came to use
        return _unhurried(session, plan, step, forgiving)


def _unhurried(session: Session, plan: Plan, step: Step, forgiving: bool) -> StepResult:
    """Nobody who reads or writes waits for this step's locks: no limit, one try."""
    start = session.limits.clock()
    session.connection.execute("BEGIN")
    session.lease.guard(session.connection)
    session.limit(0)
    xid = session.write_done(plan, step)
    session.replay(step)
    with watched(session, plan, step):
        for statement in step.statements:
            _execute(session, statement, forgiving)
    commit(session, xid)
    return StepResult(session.limits.clock() - start)


def _execute(session: Session, statement: str, forgiving: bool) -> None:
    if not forgiving:
        session.connection.execute(statement.encode())
        return
    try:
        with session.connection.transaction():  # a savepoint: what is gone must not end the rest
            session.connection.execute(statement.encode())
    except GONE as error:
        session.listener.note(f"nothing to undo: {error.diag.message_primary}")


class _Slow(Exception):
    """The statements themselves took longer than what was left of the budget."""


class _NotGranted(Exception):
    """The lock, or a lock that the plan did not know of, was not to be had in the time, because of ``blockers``."""

    def __init__(self, blockers: list[Blocker]) -> None:
        super().__init__()
        self.blockers = blockers


class _Brief:
    """A step that makes others wait, tried until it fits between them."""

    def __init__(self, session: Session, plan: Plan, step: Step, relations: Relations, forgiving: bool) -> None:
        self.session, self.plan, self.step, self.relations = session, plan, step, relations
        self.forgiving = forgiving
        self.limits = session.limits
        self.start = self.limits.clock()
        self.reported = self.start
        self.patience = Patience(self.limits.budget, self.start)
        self.watches = _watches(session, relations)
        self.footing = Footing(session, relations)
        self.tries = self.slow = 0
        self.trip = 0.0  # seconds of a message to the server and back

    def run(self) -> StepResult:
        """Look; ask when only short transactions are in the way; do it within the budget; else once more."""
        self._meet_standbys()
        while True:
            holders, *on_standbys = [watch.look() for watch in self.watches]
            if self.patience.too_old([age for seen in (holders, *on_standbys) for age in seen.values()]):
                self._in_the_way()
                if not self.footing.asked(holders):
                    self.limits.sleep(self.patience.wait(self.limits.clock()))
                continue
            self.tries += 1
            try:
                return self._ask()
            except _NotGranted as failed:
                self._in_the_way(failed.blockers)
            except _Slow:
                self._too_slow()
            self.limits.sleep(self.patience.failed(self.limits.clock()))

    def _meet_standbys(self) -> None:
        """See twice who is there before the first try: nobody on a standby stops it, and one who is seen for the first
        time may have been there for hours.
        """
        on_standbys = self.watches[1:]
        for watch in on_standbys:
            watch.look()
        if on_standbys:
            self.limits.sleep(self.patience.seconds * 1.5)

    def _ask(self) -> StepResult:
        """One try: the locks, then the statements, all within the budget, counted from the first question."""
        session, connection = self.session, self.session.connection
        self.footing.begin_try()
        witness = None
        before = self.limits.clock()
        session.limit(self.limits.budget)  # the ledger's rows are nobody's but ours: no wait is expected
        self.trip = self.limits.clock() - before
        locked = False
        try:
            commit_locally(session)
            session.lease.guard(connection)
            xid = session.write_done(self.plan, self.step)
            session.replay(self.step)
            self._tell_the_end()
            asked = self.limits.clock()
            witness = Witness(session, self.patience.seconds / 2)
            self._lock(asked)
            locked, granted = True, self.limits.clock()
            self._work(asked)
        except RETRIED as error:
            self.footing.end_try()
            slow = locked and isinstance(error, errors.QueryCanceled)
            raise (_Slow if slow else _NotGranted(self._seen_by(witness))) from None
        finally:
            if witness is not None:
                witness.dismiss()
        commit(session, xid, locally=False)  # that is set already: now each message counts
        now = self.limits.clock()
        return StepResult(now - self.start, waited=granted - self.start, held=now - asked, tries=self.tries)

    def _seen_by(self, witness: Witness | None) -> list[Blocker]:
        """Who was in the way of a try; a relation that the plan did not know of is looked at from now on, too."""
        blockers = witness.heard() if witness is not None else []
        if witness is not None and (wanted := witness.wanted) is not None:
            known = self.relations.modes.get(wanted.relation, wanted.mode)
            self.relations.modes[wanted.relation] = max(known, wanted.mode)
        return blockers or self._blockers()

    def _lock(self, asked: float) -> None:
        for statement in self.relations.lock_statements():
            self.session.limit(max(0.001, self.patience.seconds - (self.limits.clock() - asked)))
            self.session.connection.execute(statement)

    def _tell_the_end(self) -> None:
        before = self.limits.clock()
        times = (self._left(before), self.limits.budget, self.patience.seconds)
        self.session.connection.execute(_UNTIL, [str(max(1, int(seconds * 1000))) for seconds in times])
        self.trip = max(self.trip, self.limits.clock() - before)

    def _work(self, asked: float) -> None:
        """All statements in one message, if that means the same: over a slow network a trip for each would be held.

        One that changes how a text is read must be over before the next is read, and one that may fail needs a
        savepoint. The server gives each of a message's statements a timeout of its own (exec_simple_query).
        """
        if self.forgiving or self.step.sets or any(text.lstrip()[:3].upper() == "SET" for text in self.step.statements):
            for statement in self.step.statements:
                self._left(asked)
                self.session.connection.execute(_LEFT)
                _execute(self.session, statement, self.forgiving)
        else:
            message = "\n;".join(text for statement in self.step.statements for text in (_LEFT, statement))
            self._left(asked)
            self.session.connection.execute(message.encode())
        self._left(asked)

    def _left(self, asked: float) -> float:
        """How long a statement may take. Raises QueryCanceled where nothing is left of the budget."""
        end = asked + self.limits.budget * (1 - COMMIT_SHARE) - LAST_TRIPS * self.trip
        left = end - self.limits.clock()
        if left <= 0:
            raise errors.QueryCanceled("the lock budget is spent")
        return left

    def _in_the_way(self, blockers: list[Blocker] | None = None) -> None:
        """Tell who is, after each try that failed and now and then between them; NotLocked after the deadline."""
        now = self.limits.clock()
        if now - self.start > self.limits.deadline:
            raise self._given_up(blockers or self._blockers())
        if blockers is not None or now - self.reported >= REPORT_EVERY:
            self.reported = now
            self.session.listener.waiting(self.step, blockers or self._blockers(), now - self.start)

    def _given_up(self, in_the_way: list[Blocker]) -> NotLocked:
        blockers = "".join(f"\n  - {blocker}" for blocker in in_the_way)
        tables = ", ".join(f"{mode.pg_locks} on {name}" for name, mode in self.step.locks)
        return NotLocked(
            f"{self.step.path}:{self.step.line}: no {tables or 'lock'} within {self.limits.deadline:g} s, "
            f"without making a query wait longer than {self.limits.budget * 1000:.0f} ms"
            + (f"; in the way:{blockers}" if blockers else ""),
            state=state_after(self.plan, self.step),
            hint="end what is in the way, or run the same command again at a quieter time",
        )

    def _blockers(self) -> list[Blocker]:
        return [blocker for watch in self.watches if watch.look() for blocker in watch.details()]

    def _too_slow(self) -> None:
        self.slow += 1
        if self.slow < SLOW_TRIES:
            return
        locks = ", ".join(f"{mode.pg_locks} on {name}" for name, mode in self.step.locks if mode.blocks_writers)
        raise StepFailed(
            f"{self.step.path}:{self.step.line}: the step needs longer than the lock budget of "
            f"{self.limits.budget * 1000:.0f} ms and holds {locks or 'its locks'} all the while, "
            f"so that queries of the app would wait as long" + self._network(),
            state=state_after(self.plan, self.step),
            hint=f"zdmigrate lint --effects {self.step.path} shows what it reads or rewrites, and what to do instead",
        )

    def _network(self) -> str:
        """A word about it where it takes a good part of the budget."""
        if LAST_TRIPS * self.trip < self.limits.budget * COMMIT_SHARE:
            return ""
        return f"; a message to the server and back takes {self.trip * 1000:.0f} ms of it, and each step needs several"


def _watches(session: Session, relations: Relations) -> list[Watch]:
    """One on the primary; one on each named standby, where only a lock that excludes readers is replayed."""
    replayed = {oid: mode for oid, mode in relations.modes.items() if mode == LockMode.ACCESS_EXCLUSIVE}
    clock, shown = session.limits.clock, session.shown
    on_standbys = [Watch(replica, replayed, [], clock, shown) for replica in session.replicas if replayed]
    return [session.watch(relations.modes), *on_standbys]
