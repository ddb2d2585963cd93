"""How far a backfill is, as a person sees it: a bar in a terminal, lines with the time elsewhere."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.console import Console as Terminal

from zdmigrate.cli.bar import Bar
from zdmigrate.cli.options import Console
from zdmigrate.cli.progress import Lines, progress_line
from zdmigrate.plan.step import Step
from zdmigrate.run.events import BackfillProgress

if TYPE_CHECKING:
    import pytest

HALF = BackfillProgress("public.users", 50, 100, 12_000, 4000.0, 75.0, throttle="standby1 is 12 s behind (max_lag 10s)")
STEP = Step(position=0, section="backfill", mode="backfill", path="m/1.sql", line=3, statements=("UPDATE users",))


def test_the_words_are_share_rows_pace_and_time_left() -> None:
    words = "backfill public.users: 50%, 12000 rows, 4000 rows/s, about 1 min 15 s left"
    assert progress_line(HALF) == words


def test_in_a_terminal_it_is_a_bar_with_what_holds_it_back_below_and_goes_without_a_trace() -> None:
    screen = io.StringIO()
    bar = Bar(Terminal(file=screen, force_terminal=True, width=120, color_system=None))
    bar.draw(HALF, progress_line(HALF))
    drawn = screen.getvalue()
    assert f"{'━' * 15}" in drawn
    assert progress_line(HALF) in drawn
    assert "\n    standby1 is 12 s behind" in drawn.replace("\r", "")
    bar.clear()
    assert "\x1b[2K" in screen.getvalue()[len(drawn) :], "its lines are erased"


def test_elsewhere_it_is_a_line_with_the_time_every_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(Console())
    lines.progress(STEP, HALF)
    lines.progress(STEP, HALF)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1
    assert re.match(r"    \d\d:\d\d:\d\d backfill public\.users: 50%, .* left \| standby1 is 12 s behind", printed[0])
