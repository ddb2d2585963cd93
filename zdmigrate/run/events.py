"""What a run tells while it goes: the runner calls, whoever draws it listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went. Seconds: of the whole step, in waiting for its lock, and of holding it."""

    seconds: float
    waited: float = 0.0
    held: float = 0.0
    tries: int = 1
    rows: int | None = None
    note: str = ""


# What may hold a backfill back: six that shut it, one that halves its batches, and a limit of rows or bytes a second.
HOLDS = ("person", "lag", "slots", "lock_waits", "horizon", "guards", "giving_way", "limit")


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """A backfill's place: ``done`` of ``total`` blocks, rows changed so far, and rows a second of late.

    ``held_by`` are the kinds of what holds it back, of ``HOLDS``; ``aside`` the rows that are left aside.
    """

    relation: str
    done: int
    total: int
    rows: int
    rate: float
    seconds_left: float | None
    pass_number: int = 1
    throttle: str = ""  # what holds it back, in words
    held_by: tuple[str, ...] = ()
    aside: int = 0


@dataclass(frozen=True, slots=True)
class Working:
    """What a statement that takes its time is at, after ``seconds``: a phase in the server's words, where it has any.

    ``done`` of ``total`` are blocks, tuples or lockers, whichever that phase counts; ``blockers`` is empty unless it
    waits.
    """

    seconds: float
    phase: str
    done: int
    total: int
    blockers: list[Blocker]


class Listener(Protocol):
    """Hears what a run does; none of its methods may fail."""

    def phase(self, plan: Plan, already_done: int) -> None:
        """A phase of a change begins, or goes on after ``already_done`` steps."""

    def step(self, plan: Plan, step: Step) -> None:
        """A step begins."""

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None:
        """A try to get a lock has failed, after ``seconds`` of trying so far, because of ``blockers``."""

    def working(self, step: Step, working: Working) -> None:
        """A statement that stops nobody, an index build or a VALIDATE, is still at it; told from another thread."""

    def progress(self, step: Step, progress: BackfillProgress) -> None:
        """A batch was committed."""

    def done(self, step: Step, result: StepResult) -> None:
        """A step is done."""

    def finished(self, plan: Plan) -> None:
        """A phase of a change is complete."""

    def note(self, sentence: str) -> None:
        """Something that a person should know."""
