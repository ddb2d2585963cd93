"""What every step runs with: a connection that holds the lease, the limits, the clock and the listener."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from zdmigrate.errors import StepFailed
from zdmigrate.ledger.connection import FROZEN, SETTINGS, apply_settings, connect
from zdmigrate.ledger.ledger import one
from zdmigrate.run.blocker import without_query
from zdmigrate.run.look import Watch
from zdmigrate.run.outage import ConnectionLost
from zdmigrate.run.refused_row import refused_by_constraint
from zdmigrate.run.steps import write_done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.events import Listener
    from zdmigrate.run.lease import Lease
    from zdmigrate.run.stamp import Stamp
    from zdmigrate.schema.lock_modes import LockMode


GONE = (
    errors.InvalidSchemaName,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.UndefinedObject,
    errors.UndefinedTable,
)
CANCELLED = 5.0  # seconds that the server is given to end a query
THERE_BEFORE = (errors.DuplicateTable, errors.DuplicateColumn, errors.DuplicateObject, errors.DuplicateFunction)


class Limits:
    """How long others may be made to wait, and how long we try; in seconds. Time and sleep come in from outside."""

    def __init__(
        self,
        budget: float = 0.2,
        deadline: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.budget = budget
        self.deadline = deadline
        self.clock = clock
        self.sleep = sleep


class Session:
    """One connection that holds a lease, for one step after another. The lease's keeper looks on meanwhile.

    ``replicas`` are connections to the named hot standbys, to look there, too. Without ``queries`` the SQL of
    sessions that are in the way is shown to nobody.
    """

    def __init__(
        self,
        lease: Lease,
        limits: Limits,
        listener: Listener,
        replicas: Iterable[str] = (),
        *,
        queries: bool = True,
    ) -> None:
        self.lease = lease
        self.queries = queries
        self.home: Mapping[str, str] = {}
        self.stamp: Stamp | None = None  # of the phase at hand, where the change is a revision of Alembic's
        self.limits = limits
        self.listener = listener
        self.connection = lease.connect("step")
        self.pid = int(one(self.connection, "SELECT pg_catalog.pg_backend_pid()")[0])
        self.replicas = [connect(dsn, purpose="look") for dsn in replicas]

    @property
    def watcher(self) -> Connection:
        """A second connection, to look with while the first one waits."""
        return self.lease.keeper

    def another(self) -> Session:
        """A session of its own for a worker of this step, under the same lease, limits and settings."""
        session = Session(self.lease, self.limits, self.listener, queries=self.queries)
        session.settle_in(self.home)
        return session

    def watch(self, modes: Mapping[int, LockMode]) -> Watch:
        """A look at who holds locks on relations of this server that conflict with ``modes``, by number."""
        return Watch(self.watcher, modes, [self.pid], self.limits.clock, self.shown)

    def shown(self, blockers: list[Blocker]) -> list[Blocker]:
        """Blockers as they may be shown."""
        return blockers if self.queries else [without_query(blocker) for blocker in blockers]

    def settle_in(self, settings: Mapping[str, str]) -> None:
        """Settings to have from now on, and to come back to after each step's own."""
        self.home = settings
        apply_settings(self.connection, settings)

    def close(self) -> None:
        for connection in (self.connection, *self.replicas):
            connection.close()

    def replay(self, step: Step) -> None:
        """The SETs that stand before a step in its section; after the ledger's rows, which a SET ROLE may not write."""
        for statement in step.settings:
            self.connection.execute(statement.encode())

    @contextmanager
    def restored(self, step: Step) -> Iterator[None]:
        """After the body, every setting is as it was before: a SET is for its step alone."""
        try:
            yield
        finally:
            if step.settings or step.sets:
                self.roll_back()  # after an error, or the reset would fail and be told instead of it
                self._reset()

    @contextmanager
    def settings(self, step: Step) -> Iterator[None]:
        """The SETs of a step in effect for the body."""
        with self.restored(step):
            self.replay(step)
            yield

    def limit(self, statement: float, lock: float = 0.0) -> None:
        """Bound the statements to come in the open transaction, in seconds; 0 for no bound.

        A bound one is also ended by the server when its runner's machine stands still: the app's does not.
        """
        frozen = FROZEN if statement else SETTINGS["idle_in_transaction_session_timeout"]
        milliseconds = [str(max(1, int(seconds * 1000)) if seconds else 0) for seconds in (statement, lock)]
        self.connection.execute(
            "SELECT pg_catalog.set_config('statement_timeout', %s, true),"
            " pg_catalog.set_config('lock_timeout', %s, true),"
            " pg_catalog.set_config('idle_in_transaction_session_timeout', %s, true)",
            [*milliseconds, frozen],
        )

    def write_done(self, plan: Plan, step: Step) -> str:
        """Note that a step is done, in the transaction that does it; and with the last of a revision, its version.

        Before the step's own locks are asked for: nobody waits for the ledger, nor for Alembic's table. Returns the
        transaction's id.
        """
        xid = write_done(self.connection, self.lease, plan, step)
        if self.stamp is not None and plan.writes_version(step):
            self.stamp.write(self)
        return xid

    def roll_back(self) -> None:
        """Leave the transaction, whatever state it is in; a closed connection has left it already."""
        if self.connection.info.transaction_status is TransactionStatus.ACTIVE:
            self._hang_up()
        elif not self.connection.closed:
            self.connection.rollback()

    def _hang_up(self) -> None:
        """Ctrl-C fell between a query and the wait for its answer: psycopg ends only what it waits for."""
        with suppress(psycopg.Error):
            self.connection.cancel_safe(timeout=CANCELLED)
        self.connection.close()

    def _reset(self) -> None:
        if self.connection.closed:
            return
        self.connection.execute("RESET ROLE")
        self.connection.execute("RESET ALL")
        apply_settings(self.connection, {**SETTINGS, **self.home})


@contextmanager
def told(session: Session, plan: Plan, step: Step) -> Iterator[None]:
    """Errors of the server become StepFailed, with the step, what stands, and what to do next; a lost connection
    becomes ConnectionLost.
    """
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate is None or session.connection.broken or session.watcher.broken:
            raise _connection_lost(plan, step, error) from None
        session.roll_back()
        raise failed(plan, step, error, refused_by_constraint(session, error)) from None


@contextmanager
def between_steps(session: Session, doing: str) -> Iterator[None]:
    """A connection that is lost in what the ledger is told before or after the steps becomes ConnectionLost."""
    try:
        yield
    except psycopg.Error as error:
        if not session.connection.broken:
            raise
        raise ConnectionLost(
            f"the connection was lost {doing}: {' '.join(str(error).split())}",
            state="it is not known whether that was written down; steps that were told as done stand",
            hint="run the same command again: it looks at what really happened, and goes on from there",
            cause=error,
        ) from None


def failed(plan: Plan, step: Step, error: psycopg.Error, row: str = "", why: str = "") -> StepFailed:
    """A step that the server refused for good, with the server's own words, the place in the file, and the row."""
    told = error.diag
    message = told.message_primary or " ".join(str(error).split())
    parts = (told.message_detail, told.message_hint, f"it is the {row}" if row else "", why)
    details = "".join(f"; {part}" for part in parts if part)
    code = f" ({error.sqlstate})" if error.sqlstate else ""
    return StepFailed(
        f"{step.path}:{step.line}: {message}{code}{details}", state=state_after(plan, step), hint=_way_out(plan, error)
    )


def _way_out(plan: Plan, error: psycopg.Error) -> str:
    again = "mend the cause, then run the same command again"
    if plan.phase != "expand":
        return again
    if isinstance(error, THERE_BEFORE):
        return (
            f"is {plan.change} in this database already? Then: zdmigrate init --release VERSION --baseline "
            f"{plan.change}; else give it another name"
        )
    return f"{again}; or undo with: zdmigrate revert {plan.change}"


def _connection_lost(plan: Plan, step: Step, error: psycopg.Error) -> ConnectionLost:
    return ConnectionLost(
        f"the connection was lost in step {step.position + 1} of {plan.phase} {plan.change}: "
        f"{' '.join(str(error).split())}",
        state=state_after(plan, step),
        hint="run the same command again: it looks at what really happened, and goes on from there",
        cause=error,
    )


def state_after(plan: Plan, step: Step) -> str:
    """What stands when a step has failed."""
    before = {0: "nothing of it was done", 1: "step 1 stands"}.get(step.position, f"steps 1 to {step.position} stand")
    return f"{plan.phase} of {plan.change}: {before}; step {step.position + 1} of {len(plan.steps)} was not completed"
