"""What a run tells while it goes: the runner calls, whoever draws it listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.look import Blocker


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went. Seconds: of the whole step, in waiting for its lock, and of holding it."""

    seconds: float
    waited: float = 0.0
    held: float = 0.0
    tries: int = 1
    rows: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """A backfill's place: ``done`` of ``total`` blocks, rows changed so far, and rows a second of late."""

    relation: str
    done: int
    total: int
    rows: int
    rate: float
    seconds_left: float | None
    pass_number: int = 1


class Listener(Protocol):
    """Hears what a run does; none of its methods may fail."""

    def phase(self, plan: Plan, already_done: int) -> None:
        """A phase of a change begins, or goes on after ``already_done`` steps."""

    def step(self, plan: Plan, step: Step) -> None:
        """A step begins."""

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None:
        """A lock is not to be had, for ``seconds`` so far, because of ``blockers``."""

    def progress(self, step: Step, progress: BackfillProgress) -> None:
        """A batch was committed."""

    def done(self, step: Step, result: StepResult) -> None:
        """A step is done."""

    def finished(self, plan: Plan) -> None:
        """A phase of a change is complete."""

    def note(self, sentence: str) -> None:
        """Something that a person should know."""
