"""One phase of one change: begun, its steps run in order, ended. Resuming is the same path as starting."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import psycopg

from zdmigrate.errors import DatabaseError, InputError, Interrupted, ZdmigrateError
from zdmigrate.ledger.changes import (
    forget_steps,
    move,
    read_change,
    store_contract,
    write_needs,
    write_pending,
    write_sections,
)
from zdmigrate.ledger.states import State
from zdmigrate.plan.step import ALONE, BACKFILL
from zdmigrate.run.alone import run_alone
from zdmigrate.run.backfill import refuse_edited, run_backfill
from zdmigrate.run.lease import DDL, GRACE, backfill_lease, take_lease
from zdmigrate.run.measured import record_failure, record_took
from zdmigrate.run.outage import ConnectionLost, Outages, tells_an_outage
from zdmigrate.run.sections import checksums, is_rewritten, needs_of
from zdmigrate.run.session import Session, between_steps, state_after
from zdmigrate.run.shape import remember, settle
from zdmigrate.run.stamp import stamp_for
from zdmigrate.run.steps import DONE, PhaseOver, is_settled, read_steps, refuse_undone
from zdmigrate.run.surroundings import note_promotion, remember_settings, settings_begun_with
from zdmigrate.run.transactions import run_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.events import StepResult
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change

BEGUN = {"expand": State.EXPANDING, "contract": State.CONTRACTING, "revert": State.REVERTING}
ENDED = {"expand": State.EXPANDED, "contract": State.CONTRACTED, "revert": State.REVERTED}


def run_phase(
    target: Target,
    change: Change,
    plan: Plan,
    *,
    contract: Plan | None = None,
    until: Callable[[Step], bool] = lambda _: False,
    forgiving: bool = False,
    check: Callable[[Connection], None] = lambda _: None,
    also: Sequence[str] = (),
) -> bool:
    """Run what is not done of a phase; whether it is complete then.

    ``until`` names the first step that is not to be run. ``contract`` is kept with an expand, as it was reviewed.
    ``check`` may refuse in the transaction that begins the phase; ``also`` are leases to hold besides DDL's.
    Raises InputError if a step that was done reads otherwise now, and whatever its steps raise. A lost connection is
    opened again where the same server answers within the lock deadline, and the phase resumed.
    """
    outages = Outages(target)
    while True:
        try:
            return _run_phase(target, outages, change, plan, contract, until, forgiving, check, also)
        except PhaseOver:
            if not outages.happened:  # else it may have been us, whose last COMMIT had no answer
                target.listener.note(f"another runner has completed the {plan.phase} of {plan.change} meanwhile")
            return True
        except ConnectionLost as error:
            outages.outlast(error)


def _run_phase(
    target: Target,
    outages: Outages,
    change: Change,
    plan: Plan,
    contract: Plan | None,
    until: Callable[[Step], bool],
    forgiving: bool,
    check: Callable[[Connection], None],
    also: Sequence[str],
) -> bool:
    with _Sessions(target, plan, also, outages) as sessions:
        with sessions.connecting():
            done = _done(target, plan)
        session = sessions.for_ddl()
        if _is_over(session, plan):
            raise PhaseOver
        refuse_undone(plan, outages.done - done)
        target.listener.phase(plan, len(done))
        _begin(session, target, change, plan, contract, check)
        for step in plan.steps:
            if step.position not in done and until(step):
                return False
            if step.position not in done:
                outages.at_hand = step.position
                _take(sessions.for_step(step), target, change, plan, step, forgiving)
            outages.done.add(step.position)
        outages.at_hand = len(plan.steps)
        _end(sessions.for_ddl(), target, change, plan)
    target.listener.finished(plan)
    return True


def _take(session: Session, target: Target, change: Change, plan: Plan, step: Step, forgiving: bool) -> None:
    """Run a step, unless another runner has done it before we had the lease."""
    with between_steps(session, f"before step {step.position + 1} of {plan.phase} {plan.change}"):
        if is_settled(session.connection, session.lease, plan, step, BEGUN[plan.phase], ENDED[plan.phase]):
            return
        if plan.writes_version(step):
            session.stamp = stamp_for(session.connection, change, plan.phase)
    target.listener.step(plan, step)
    try:
        result = _run(session, target, plan, step, forgiving)
    except KeyboardInterrupt:
        session.roll_back()
        raise _interrupted(plan, step) from None
    except ZdmigrateError as error:
        record_failure(session, plan, step, error)
        raise
    record_took(session, plan, step, result)
    target.listener.done(step, result)


def _is_over(session: Session, plan: Plan) -> bool:
    """Whether another runner has ended the phase, while we waited for its lease."""
    with between_steps(session, f"when {plan.phase} {plan.change} was to begin"):
        row = read_change(session.connection, plan.app, plan.change)
    return row is not None and row.state == ENDED[plan.phase]


def _run(session: Session, target: Target, plan: Plan, step: Step, forgiving: bool) -> StepResult:
    if step.mode == BACKFILL:
        return run_backfill(session, target.config, plan, step)
    if step.mode == ALONE:
        return run_alone(session, plan, step, forgiving=forgiving)
    return run_transaction(session, plan, step, forgiving=forgiving)


def _interrupted(plan: Plan, step: Step) -> Interrupted:
    return Interrupted(
        f"interrupted in step {step.position + 1} of {plan.phase} {plan.change}",
        state=state_after(plan, step),
        hint="run the same command again: it goes on from there",
    )


def _done(target: Target, plan: Plan) -> set[int]:
    """The positions of steps that are done. Raises InputError where one that was begun has changed since."""
    with target.connect("plan") as connection:
        rows = read_steps(connection, plan)
        refuse_edited(connection, plan)
    for step in plan.steps:
        row = rows.get(step.position)
        if row and row.fingerprint != step.fingerprint:
            raise InputError(
                f"{step.path}:{step.line}: step {step.position + 1} of {plan.phase} {plan.change} has run already, and "
                f"reads otherwise now",
                state="nothing was run by this command",
                hint="restore the file as it was, and put what is new into a change of its own",
            )
    return {position for position, row in rows.items() if row.state == DONE}


def _begin(
    session: Session,
    target: Target,
    change: Change,
    plan: Plan,
    contract: Plan | None,
    check: Callable[[Connection], None],
) -> None:
    connection = session.connection
    with between_steps(session, f"when {plan.phase} {plan.change} was to begin"), connection.transaction():
        session.lease.guard(connection)
        session.limit(0)
        check(connection)
        note_promotion(connection, target.listener)
        before = read_change(connection, target.app, plan.change)
        rewritten = is_rewritten(connection, target.app, change)
        move(connection, target.app, plan.change, BEGUN[plan.phase], rewritten=rewritten, path=plan.path)
        if before is None or before.state != BEGUN[plan.phase]:  # else it is resumed, and the shape is that of before
            remember(connection, plan, contract)
        if before is None or before.state == State.REVERTED:
            remember_settings(connection, target.app, plan.change)
        write_sections(connection, target.app, plan.change, checksums(change, plan.phase))
        if plan.phase == "expand":
            done = read_steps(connection, plan)
            pending = {
                step.position: step.optional
                for step in plan.steps
                if step.position not in done or done[step.position].state != DONE
            }
            write_pending(connection, target.app, plan.change, pending)
        if contract is not None:
            store_contract(connection, target.app, plan.change, contract.to_json())
            write_needs(connection, target.app, plan.change, needs_of(change))


def _end(session: Session, target: Target, change: Change, plan: Plan) -> None:
    connection = session.connection
    with between_steps(session, f"when {plan.phase} {plan.change} was to end"), connection.transaction():
        session.lease.guard(connection)
        move(connection, target.app, plan.change, ENDED[plan.phase], path=change.path)
        settle(connection, plan)
        if plan.phase == "revert":
            forget_steps(connection, target.app, plan.change)


class _Sessions:
    """The session for the step at hand: DDL and a backfill have leases of their own, held only as long as needed.

    The first lease is given up on soon; to come back to DDL after a backfill of hours, it waits as for any lock.
    """

    def __init__(self, target: Target, plan: Plan, also: Sequence[str], outages: Outages) -> None:
        self.target, self.plan, self.also, self.outages = target, plan, also, outages
        self.name = ""
        self.held = ExitStack()
        self.patience = max(GRACE, target.limits.deadline) if outages.happened else GRACE

    def for_step(self, step: Step) -> Session:
        """A session under the lease that ``step`` needs."""
        plan = self.plan
        return self._under(backfill_lease(plan.app, plan.change) if step.mode == BACKFILL else DDL)

    def for_ddl(self) -> Session:
        """A session for DDL and for the ledger's own rows."""
        return self._under(DDL)

    def _under(self, name: str) -> Session:
        if name != self.name:
            self.held.close()
            doing = f"{self.plan.phase} {self.plan.change}"
            with self.connecting():
                leases = [
                    self.held.enter_context(take_lease(self.target.dsn, other, doing, patience=self.patience))
                    for other in self.also
                ]
                self.session = self.held.enter_context(_session(self.target, name, doing, self.patience))
                self.outages.works_under(self.session.connection, [*leases, self.session.lease])
                settings = settings_begun_with(self.session.connection, self.plan.app, self.plan.change)
                self.session.settle_in(settings)
            self.name, self.patience = name, max(GRACE, self.target.limits.deadline)
        return self.session

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """Once a step was run, no new connection is no reason to say that nothing was changed."""
        try:
            yield
        except (DatabaseError, psycopg.OperationalError) as error:
            if not (self.name or self.outages.happened) or not tells_an_outage(error):
                raise
            raise ConnectionLost(
                f"between two steps of {self.plan.phase} {self.plan.change}: {' '.join(str(error).split())}",
                state="the steps that were told as done stand",
                hint="run the same command again once the server answers: it goes on from there",
            ) from None

    def __enter__(self) -> _Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        self.held.close()


@contextmanager
def _session(target: Target, name: str, doing: str, patience: float) -> Iterator[Session]:
    with take_lease(target.dsn, name, doing, patience=patience) as lease:
        session = Session(lease, target.limits, target.listener, target.replicas, queries=target.queries)
        try:
            yield session
        finally:
            session.close()
