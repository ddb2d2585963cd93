"""What a run tells, as lines for a person: one a step, a word when somebody is in the way, a backfill's place."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.tables import columns_wide
from zdmigrate.plan.step import BACKFILL
from zdmigrate.words import counted

if TYPE_CHECKING:
    from zdmigrate.cli.bar import Bar
    from zdmigrate.cli.options import Console
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.events import BackfillProgress, StepResult, Working

EVERY = 2.0  # seconds between two lines of a backfill's place where no terminal redraws one


class Lines:
    """A listener that prints; on a terminal a backfill's place is a bar."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.terminal = sys.stderr.isatty() and not console.quiet
        self.told = 0.0
        self.bar: Bar | None = None

    def phase(self, plan: Plan, already_done: int) -> None:
        going_on = f", going on after step {already_done}" if already_done else ""
        self._say(
            click.style(f"{plan.phase} {plan.change}", bold=True) + f" ({counted(len(plan.steps), 'step')}{going_on})"
        )

    def step(self, plan: Plan, step: Step) -> None:
        head = f"  step {step.position + 1} of {len(plan.steps)}: "
        self._say(head + summary(step, columns_wide() - len(head)))
        self.told = time.monotonic()  # a backfill that is over in a moment needs no word of its place

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None:  # noqa: ARG002 - Listener's shape
        if not self.console.verbose and (seconds < EVERY or time.monotonic() - self.told < EVERY):
            return
        self.told = time.monotonic()
        self._say(f"    waiting for a lock for {seconds:.1f} s; the app runs free meanwhile. In the way:")
        for blocker in blockers:
            self._say(f"      {shorten(str(blocker), max(columns_wide(), 160) - 6)}")

    def working(self, step: Step, working: Working) -> None:  # noqa: ARG002 - Listener's shape
        share = f", {working.done / working.total:.0%}" if working.total else ""
        self._say(f"    at it for {working.seconds:.0f} s: {working.phase or 'waiting for a lock'}{share}")
        for blocker in working.blockers:
            self._say(f"      waits for {shorten(str(blocker), max(columns_wide(), 160) - 16)}")

    def progress(self, step: Step, progress: BackfillProgress) -> None:  # noqa: ARG002 - Listener's shape
        now = time.monotonic()
        if now - self.told < (0.1 if self.terminal else EVERY):
            return
        self.told = now
        if self.terminal:
            self._draw(progress)
        else:
            held = f" | {progress.throttle}" if progress.throttle else ""
            self._say(f"    {time.strftime('%H:%M:%S')} {progress_line(progress)}{held}")

    def done(self, step: Step, result: StepResult) -> None:
        parts = [f"{result.seconds:.1f} s" if result.seconds >= 1 else f"{result.seconds * 1000:.0f} ms"]
        if step.mode == BACKFILL:
            parts.append(f"{result.rows or 0} rows")
        elif result.held:
            parts.append(f"lock held {result.held * 1000:.0f} ms")
        if result.tries > 1:
            parts.append(f"{result.tries} tries")
        self._say(f"    done: {', '.join(parts)}" + (f" ({result.note})" if result.note else ""))

    def finished(self, plan: Plan) -> None:
        done = {"expand": "expanded", "contract": "contracted", "revert": "reverted"}[plan.phase]
        if plan.phase == "expand" and not plan.steps:
            done = "noted: it has nothing to expand, and a later release contracts it"
        self._say(click.style(f"{plan.change} is {done}", fg="green"))

    def note(self, sentence: str) -> None:
        self._clear()
        self.console.warn(sentence)

    def _say(self, text: str) -> None:
        self._clear()
        self.console.say(text)

    def _draw(self, progress: BackfillProgress) -> None:
        if self.bar is None:
            from zdmigrate.cli.bar import Bar  # and with it rich, which most commands can do without

            self.bar = Bar()
        self.bar.draw(progress, progress_line(progress))

    def _clear(self) -> None:
        if self.bar is not None:
            self.bar.clear()


def summary(step: Step, room: int) -> str:
    """The first words of what a step runs, in so many columns."""
    if not step.statements:
        return "nothing to run, and its version to write"
    statement = " ".join(step.statements[0].split())
    more = f" (and {len(step.statements) - 1} more in one transaction)" if len(step.statements) > 1 else ""
    return shorten(statement, room - len(more)) + more


def shorten(text: str, room: int) -> str:
    """The text, cut where there is no more room."""
    return text if len(text) <= room else text[: max(room - 1, 10)] + "…"


def progress_line(progress: BackfillProgress) -> str:
    """A backfill's place: share, rows, pace, time left; what is not known yet is left out."""
    share = progress.done / progress.total if progress.total else 1.0
    pace = f", {progress.rate:.0f} rows/s" if progress.rate else ""
    left = "" if progress.seconds_left is None else f", about {_duration(progress.seconds_left)} left"
    again = "" if progress.pass_number == 1 else f", pass {progress.pass_number}"
    aside = f", {progress.aside} left aside" if progress.aside else ""
    return f"backfill {progress.relation}: {share:.0%}, {progress.rows} rows{pace}{left}{again}{aside}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
