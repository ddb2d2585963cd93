"""What a run tells, as JSON on stderr: one event a line, for a pipeline's log (docs/schemas/event-v1.schema.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.cli.progress import EVERY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.cli.options import Console
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.events import BackfillProgress, StepResult, Working


class EventLines:
    """A listener. What comes with every batch or look is told every other second only."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self.console, self.clock = console, clock
        self.plan: dict[str, Any] = {}
        self.told = 0.0

    def phase(self, plan: Plan, already_done: int) -> None:
        self.plan = {"app": plan.app, "change": plan.change, "phase": plan.phase, "of": len(plan.steps)}
        self._event("phase", already_done=already_done)

    def step(self, plan: Plan, step: Step) -> None:  # noqa: ARG002 - Listener's shape
        locks = {str(name): mode.pg_locks for name, mode in step.locks}
        sql = next(iter(step.statements), "")
        self._event("step", step, mode=step.mode, place=f"{step.path}:{step.line}", sql=sql, locks=locks)
        self.told = self.clock()

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None:
        if self._is_due():
            self._event("waiting", step, "warning", seconds=round(seconds, 4), blockers=_told(blockers))

    def working(self, step: Step, working: Working) -> None:
        if self._is_due():
            at: dict[str, Any] = {"doing": working.phase, "done": working.done, "total": working.total}
            self._event("working", step, seconds=round(working.seconds, 4), blockers=_told(working.blockers), **at)

    def progress(self, step: Step, progress: BackfillProgress) -> None:
        if self._is_due():
            self._event("progress", step, **_fields(progress))

    def done(self, step: Step, result: StepResult) -> None:
        self._event("done", step, **_fields(result))

    def finished(self, plan: Plan) -> None:  # noqa: ARG002 - Listener's shape
        self._event("finished")

    def note(self, sentence: str) -> None:
        self.console.warn(sentence)

    def _event(self, event: str, step: Step | None = None, level: str = "info", **fields: Any) -> None:
        number = None if step is None else step.position + 1
        self.console.event(event, level, **self.plan, step=number, **fields)

    def _is_due(self) -> bool:
        now = self.clock()
        due = now - self.told >= EVERY
        self.told = now if due else self.told
        return due


def _told(blockers: list[Blocker]) -> list[dict[str, Any]]:
    return [_fields(blocker) for blocker in blockers]


def _fields(value: object) -> dict[str, Any]:
    """The fields of a frozen value by name, numbers rounded to what anybody measures; empty ones are left out."""
    from dataclasses import asdict

    rounded = {name: round(each, 4) if isinstance(each, float) else each for name, each in asdict(value).items()}  # type: ignore[call-overload]
    return {name: each for name, each in rounded.items() if each not in (None, "", ())}
