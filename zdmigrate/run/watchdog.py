"""Looking on, from a second connection and a thread of its own, while the first one waits or works for long."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from zdmigrate.errors import NotLocked
from zdmigrate.plan.step import TRANSACTION
from zdmigrate.run.blocker import waited_for
from zdmigrate.run.events import Working
from zdmigrate.run.session import state_after
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.session import Session

LOOK_EVERY = 0.5  # seconds
REPORT_EVERY = 2.0
# The phases of an index build (manual, "CREATE INDEX Progress Reporting") in which there is nothing to lose yet.
EARLY = ("", "initializing", "waiting for writers before build")

_PROGRESS = """
    SELECT phase,
           CASE WHEN lockers_total > 0 THEN lockers_done WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END,
           CASE WHEN lockers_total > 0 THEN lockers_total WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END
    FROM pg_catalog.pg_stat_progress_create_index WHERE pid = %s
"""
_WANTED = (
    "SELECT relation::bigint, mode FROM pg_catalog.pg_locks WHERE pid = %s AND NOT granted AND locktype = 'relation'"
)


class Wanted(NamedTuple):
    """The lock on a relation that a backend waits for."""

    relation: int
    mode: LockMode


@contextmanager
def watched(session: Session, plan: Plan, step: Step) -> Iterator[None]:
    """A watchdog for the body, which runs a statement that stops nobody and may take hours.

    It tells what the statement is at and whom it waits for. One that has done nothing yet and has waited for the
    whole lock deadline is ended: NotLocked. One that is at work takes the time that it takes.
    """
    dog = _Watchdog(session, plan, step)
    try:
        with dog:
            yield
    except psycopg.errors.QueryCanceled:
        if dog.refusal is None:
            raise
        raise dog.refusal from None


class _Watchdog:
    def __init__(self, session: Session, plan: Plan, step: Step) -> None:
        self.session, self.plan, self.step = session, plan, step
        self.clock = session.limits.clock
        self.start = self.reported = self.clock()
        self.waits_since: float | None = None
        self.refusal: NotLocked | None = None
        self._ended = threading.Event()
        self._ending = threading.Lock()  # a cancel must not meet the statement after this one
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        with self._ending:
            self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            try:
                self._look()
            except psycopg.Error:
                return  # the statement meets the same trouble, and says so

    def _look(self) -> None:
        watcher, pid = self.session.watcher, self.session.pid
        row = watcher.execute(_PROGRESS, [pid]).fetchone()
        phase, done, total = row or ("", 0, 0)
        blockers = self.session.shown(waited_for(watcher, pid))
        now = self.clock()
        self.waits_since = (self.waits_since or now) if blockers else None
        if now - self.reported >= REPORT_EVERY and (blockers or phase):
            self.reported = now
            self.session.listener.working(self.step, Working(now - self.start, phase, done, total, blockers))
        early = self.step.mode == TRANSACTION or (self.step.builds_index and phase in EARLY)
        if early and self.waits_since is not None and now - self.waits_since > self.session.limits.deadline:
            self._give_up(blockers)

    def _give_up(self, blockers: list[Blocker]) -> None:
        with self._ending:
            if not self._ended.is_set():
                self.refusal = self._refusal(blockers)
                self.session.watcher.execute("SELECT pg_catalog.pg_cancel_backend(%s)", [self.session.pid])

    def _refusal(self, blockers: list[Blocker]) -> NotLocked:
        told = "".join(f"\n  - {blocker}" for blocker in blockers)
        return NotLocked(
            f"{self.step.path}:{self.step.line}: this statement has waited for {self.session.limits.deadline:g} s and "
            f"could not begin; nobody waits for it; in the way:{told}",
            state=state_after(self.plan, self.step),
            hint="end what is in the way, or run the same command again at a quieter time",
        )


class Witness:
    """Looks once at whom a question for a lock waits for, if it still waits after ``seconds``."""

    def __init__(self, session: Session, seconds: float) -> None:
        self.session, self.seconds = session, seconds
        self.blockers: list[Blocker] = []
        self.wanted: Wanted | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="witness", daemon=True)
        self._thread.start()

    def dismiss(self) -> None:
        """The question is answered; does not wait for a look that is under way: the lock may be held by now."""
        self._ended.set()

    def heard(self) -> list[Blocker]:
        """What was seen."""
        self._ended.set()
        self._thread.join()
        return self.blockers

    def _look(self) -> None:
        if self._ended.wait(self.seconds):
            return
        try:
            self._see()
        except psycopg.Error:  # the question itself meets the same trouble, and says so
            return

    def _see(self) -> None:
        watcher, pid = self.session.watcher, self.session.pid
        row = watcher.execute(_WANTED, [pid]).fetchone()
        self.wanted = Wanted(row[0], LockMode.from_pg_locks(row[1])) if row else None
        self.blockers = self.session.shown(waited_for(watcher, pid))
