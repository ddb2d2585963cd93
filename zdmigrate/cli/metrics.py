"""A run's figures in a file, in Prometheus' text format: for node_exporter's textfile collector.

Written whole under another name and renamed: who reads it meanwhile reads the one before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import zdmigrate
from zdmigrate.errors import UsageError
from zdmigrate.exposition import metric
from zdmigrate.plan.step import BACKFILL
from zdmigrate.run.events import HOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.events import BackfillProgress, StepResult, Working

EVERY = 1.0  # seconds between two writings while a step goes on
# name: type, and what it says. Names end in their unit, counters in _total (Prometheus' own rules of naming).
METRICS = {
    "zdmigrate_run_info": ("gauge", "The run that wrote this file; 1."),
    "zdmigrate_run_active": ("gauge", "Whether it still runs, as far as it could say: see the timestamp."),
    "zdmigrate_run_timestamp_seconds": ("gauge", "When this file was written, in Unix time."),
    "zdmigrate_run_exit_code": ("gauge", "How the run ended."),
    "zdmigrate_steps": ("gauge", "Steps of the phase at hand."),
    "zdmigrate_steps_done": ("gauge", "Those of them that are done."),
    "zdmigrate_step_seconds_total": ("counter", "Time in steps that are done."),
    "zdmigrate_lock_waited_seconds_total": ("counter", "Time until locks were had."),
    "zdmigrate_lock_waiting_seconds": (
        "gauge",
        "How long the step at hand has been trying for its lock.",
    ),
    "zdmigrate_lock_blockers": ("gauge", "How many sessions are in its way."),
    "zdmigrate_lock_held_seconds_max": ("gauge", "The longest that a lock was held which others wait for."),
    "zdmigrate_lock_tries_total": ("counter", "Tries for locks, those that got them included."),
    "zdmigrate_backfill_blocks": ("gauge", "Blocks of the table that is backfilled."),
    "zdmigrate_backfill_blocks_done": ("gauge", "Those of them that the present pass has behind it."),
    "zdmigrate_backfill_pass": ("gauge", "Which pass that is."),
    "zdmigrate_backfill_rows_total": ("counter", "Rows changed by backfills."),
    "zdmigrate_backfill_rows_per_second": ("gauge", "The pace of late."),
    "zdmigrate_backfill_left_seconds": ("gauge", "How long the rest will take, where that can be told."),
    "zdmigrate_backfill_rows_aside": ("gauge", "Rows that could not be filled and are left aside."),
    "zdmigrate_backfill_held_back": ("gauge", "Whether the backfill is held back, by what."),
}


class MetricsFile:
    """A listener that keeps figures, and the file. Raises UsageError where it cannot be written from the start."""

    def __init__(
        self, path: str, app: str, clock: Callable[[], float], warn: Callable[[str], None] = lambda _: None
    ) -> None:
        self.path, self.clock, self.warn = Path(path), clock, warn
        self.labels = {"app": app}
        self.at_hand: dict[str, str] = {}  # in one series only, so that a new change makes no new ones
        self.figures: dict[str, float] = {"zdmigrate_run_active": 1}
        self.held_by: tuple[str, ...] | None = None  # None: no backfill yet
        self.rows_before = 0  # of backfills that are done
        self.failing = False
        self.written = clock()
        try:
            self._write()
        except OSError as error:
            raise UsageError(
                f"--metrics-file {path} cannot be written: {error.strerror}",
                state="nothing was run",
                hint="name a file in a folder that this user may write",
            ) from None

    def phase(self, plan: Plan, already_done: int) -> None:
        self.at_hand = {"change": plan.change, "phase": plan.phase}
        self._now(zdmigrate_steps=len(plan.steps), zdmigrate_steps_done=already_done)

    def step(self, plan: Plan, step: Step) -> None:
        self._now(zdmigrate_steps=len(plan.steps), zdmigrate_steps_done=step.position)

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None:  # noqa: ARG002 - Listener's shape
        self._soon(zdmigrate_lock_waiting_seconds=seconds, zdmigrate_lock_blockers=len(blockers))

    def working(self, step: Step, working: Working) -> None:  # noqa: ARG002 - Listener's shape
        self._soon(zdmigrate_lock_blockers=len(working.blockers))

    def progress(self, step: Step, progress: BackfillProgress) -> None:  # noqa: ARG002 - Listener's shape
        self.held_by = progress.held_by
        left = {} if progress.seconds_left is None else {"zdmigrate_backfill_left_seconds": progress.seconds_left}
        self._soon(
            zdmigrate_backfill_blocks=progress.total,
            zdmigrate_backfill_blocks_done=progress.done,
            zdmigrate_backfill_pass=progress.pass_number,
            zdmigrate_backfill_rows_total=self.rows_before + progress.rows,
            zdmigrate_backfill_rows_per_second=progress.rate,
            zdmigrate_backfill_rows_aside=progress.aside,
            **left,
        )

    def done(self, step: Step, result: StepResult) -> None:
        self._add("zdmigrate_step_seconds_total", result.seconds)
        if result.held:
            self._add("zdmigrate_lock_waited_seconds_total", result.waited)
            self._add("zdmigrate_lock_tries_total", result.tries)
            longest = max(result.held, self.figures.get("zdmigrate_lock_held_seconds_max", 0.0))
            self.figures["zdmigrate_lock_held_seconds_max"] = longest
        if step.mode == BACKFILL:
            self.rows_before += result.rows or 0
            self.held_by = ()
            self.figures |= {"zdmigrate_backfill_rows_total": self.rows_before, "zdmigrate_backfill_left_seconds": 0}
        idle = {"zdmigrate_lock_waiting_seconds": 0, "zdmigrate_lock_blockers": 0}
        self._now(zdmigrate_steps_done=step.position + 1, **idle)

    def finished(self, plan: Plan) -> None:
        self._now(zdmigrate_steps_done=len(plan.steps))

    def note(self, sentence: str) -> None:
        """No figure is in it."""

    def ended(self, exit_code: int) -> None:
        """The last writing."""
        self._now(zdmigrate_run_active=0, zdmigrate_run_exit_code=exit_code)

    def _add(self, name: str, more: float) -> None:
        self.figures[name] = self.figures.get(name, 0) + more

    def _soon(self, **figures: float) -> None:
        self.figures |= figures
        if self.clock() - self.written >= EVERY:
            self._now()

    def _now(self, **figures: float) -> None:
        self.figures |= figures
        self.written = self.clock()
        try:
            self._write()
            self.failing = False
        except OSError as error:  # a full disk must not end a migration
            if not self.failing:
                self.warn(f"--metrics-file {self.path} cannot be written any more: {error.strerror}; the run goes on")
            self.failing = True

    def _write(self) -> None:
        self.figures["zdmigrate_run_timestamp_seconds"] = self.clock()
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            draft.write_text("".join(self._lines()), "utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def _lines(self) -> Iterator[str]:
        info = {**self.labels, **self.at_hand, "program": zdmigrate.__version__}
        for name, (kind, told) in METRICS.items():
            if name == "zdmigrate_run_info":
                yield metric(name, kind, told, [(info, 1)])
            elif name == "zdmigrate_backfill_held_back":
                yield from self._held_back(name, kind, told)
            elif name in self.figures:
                yield metric(name, kind, told, [(self.labels, self.figures[name])])

    def _held_back(self, name: str, kind: str, told: str) -> Iterator[str]:
        """A series for each kind, since a sentence with numbers in it would make new ones all the while."""
        if self.held_by is not None:
            yield metric(name, kind, told, [({**self.labels, "by": by}, by in self.held_by) for by in HOLDS])
