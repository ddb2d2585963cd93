"""Who listens to a run: lines for a person or a pipeline, and the file of figures where one is asked for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.event_lines import EventLines
from zdmigrate.cli.metrics import MetricsFile
from zdmigrate.cli.progress import Lines
from zdmigrate.errors import ZdmigrateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.events import BackfillProgress, Listener, StepResult, Working

INTERRUPTED, BUG = 130, 70  # as in main.py

metrics_file = click.option(
    "--metrics-file",
    metavar="FILE",
    envvar="ZDMIGRATE_METRICS_FILE",
    help="Keep figures of the run in FILE, in Prometheus' text format.",
)


class Heard:
    """The listener that a command's options ask for; ``exit_code`` is what the command is about to end with."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.exit_code = 0


@contextmanager
def listening(console: Console, app: str, metrics: str | None) -> Iterator[Heard]:
    """Listeners for the body; the file's last word is how it ended."""
    lines: Listener = EventLines(console, time.monotonic) if console.log == "json" else Lines(console)
    if not metrics:
        yield Heard(lines)
        return
    figures = MetricsFile(metrics, app, time.time, console.warn)
    heard = Heard(Several([lines, figures]))
    try:
        yield heard
    except BaseException as error:
        figures.ended(_exit_code(error))
        raise
    figures.ended(heard.exit_code)


def _exit_code(error: BaseException) -> int:
    if isinstance(error, ZdmigrateError):
        return error.exit_code
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else BUG


class Several:
    """Tells each of several listeners."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self.listeners = listeners

    def phase(self, plan: Plan, already_done: int) -> None:
        for each in self.listeners:
            each.phase(plan, already_done)

    def step(self, plan: Plan, step: Step) -> None:
        for each in self.listeners:
            each.step(plan, step)

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None:
        for each in self.listeners:
            each.waiting(step, blockers, seconds)

    def working(self, step: Step, working: Working) -> None:
        for each in self.listeners:
            each.working(step, working)

    def progress(self, step: Step, progress: BackfillProgress) -> None:
        for each in self.listeners:
            each.progress(step, progress)

    def done(self, step: Step, result: StepResult) -> None:
        for each in self.listeners:
            each.done(step, result)

    def finished(self, plan: Plan) -> None:
        for each in self.listeners:
            each.finished(plan)

    def note(self, sentence: str) -> None:
        for each in self.listeners:
            each.note(sentence)
