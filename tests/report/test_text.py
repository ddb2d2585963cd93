"""Text reports are drawings: what a person sees of each file in files/."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_lint.command import zdmigrate
from tests.report.drawings import GOLDEN, assert_drawn
from zdmigrate.lint.finding import Finding, LintResult, Summary
from zdmigrate.report import View, formats
from zdmigrate.report.text import render, summary_line
from zdmigrate.sql.lines import Lines

HERE = Path(__file__).parent
FILES = sorted(path.name for path in (HERE / "files").glob("*.sql"))


@pytest.fixture(autouse=True)
def beside_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)


@pytest.mark.parametrize("name", FILES)
def test_a_report_is_as_drawn(name: str) -> None:
    assert_drawn(f"{name}.txt", zdmigrate("lint", "--dir", "files", f"files/{name}").out)


@pytest.mark.parametrize("name", ["005_phases.sql", "006_safe.sql"])
def test_effects_are_as_drawn(name: str) -> None:
    printed = zdmigrate("lint", "--dir", "files", f"files/{name}", "--effects", "--quiet").out
    assert_drawn(f"{name}.effects.txt", printed)


def test_no_drawing_is_left_over() -> None:
    drawn = {path.name for path in GOLDEN.iterdir()}
    effects = {"005_phases.sql.effects.txt", "006_safe.sql.effects.txt"}
    assert drawn == {f"{name}.txt" for name in FILES} | effects | {f"sample.{name}.txt" for name in formats()}


# --------------------------------------------------------------------------- details


def finding(line: int, column: int, end_line: int, end_column: int, advice: str = "") -> Finding:
    return Finding(
        rule="r",
        id="X1",
        severity="error",
        message="m",
        path="a.sql",
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        help=advice,
    )


def drawn(text: str, found: Finding, *, colour: bool = False) -> list[str]:
    summary = Summary(files=1, statements=1, errors=1, warnings=0, hints=0, not_analysed=0)
    result = LintResult(findings=(found,), summary=summary, lines={"a.sql": Lines(text)})
    return render(result, View(colour=colour)).splitlines()


@pytest.mark.parametrize(
    ("text", "place", "source", "carets"),
    [
        ("DROP TABLE t;", (1, 1, 1, 13), "DROP TABLE t;", "^^^^^^^^^^^^"),
        ("\ufeffDROP TABLE t;", (1, 1, 1, 13), "DROP TABLE t;", "^^^^^^^^^^^^"),
        ("\tDROP TABLE\tt;", (1, 2, 1, 14), "\tDROP TABLE\tt;", "\t^^^^^^^^^^^^"),
        ("a 表 DROP;\r\n", (1, 5, 1, 9), "a 表 DROP;", "     ^^^^"),
        ("a e\u0301 DROP;", (1, 6, 1, 10), "a e\u0301 DROP;", "    ^^^^"),
        ("a\nDROP\n  TABLE t;", (2, 1, 3, 10), "DROP", "^^^^ … to line 3"),
        ("a", (1, 2, 1, 2), "a", " ^"),
    ],
)
def test_carets_stand_below_what_is_meant(
    text: str, place: tuple[int, int, int, int], source: str, carets: str
) -> None:
    lines = drawn(text, finding(*place))
    assert lines[1:3] == [f" {place[0]} | {source}", f"   | {carets}"]


def test_the_margin_is_as_wide_as_the_line_number() -> None:
    lines = drawn("\n" * 119 + "DROP", finding(120, 1, 120, 5, advice="Do this:\n\n    SELECT 1;"))
    assert lines[1:6] == [" 120 | DROP", "     | ^^^^", "     = help: Do this:", "", "                 SELECT 1;"]


def test_colour_is_only_there_when_asked_for() -> None:
    assert "\x1b[" not in "".join(drawn("DROP", finding(1, 1, 1, 5)))
    assert "\x1b[31m" in "".join(drawn("DROP", finding(1, 1, 1, 5), colour=True))


def test_a_terminal_gets_no_colour_where_its_owner_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from zdmigrate.cli.options import Console

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Console().colour
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Console().colour


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((1, 1, 0, 0, 0, 0), "no findings in 1 file (1 statement)"),
        ((2, 9, 1, 2, 1, 0), "1 error, 2 warnings, 1 hint in 2 files (9 statements)"),
    ],
)
def test_the_summary_counts(counts: tuple[int, ...], told: str) -> None:
    assert summary_line(Summary(*counts)) == told
