"""With a second processor many files give what they give with one: the same findings, and the same errors."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from zdmigrate.config import Config
from zdmigrate.errors import InputError
from zdmigrate.lint import engine, two_processors
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.history import read_history

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zdmigrate.lint.finding import LintResult
    from zdmigrate.sources.history import History

# Each file needs what the one before it has left: without its table, the column's type is not known.
FILE = """
create table t_{n} (id bigint primary key, name varchar(50), note text);
alter table t_{before} alter column name type varchar(100), alter column note type int using 1;
alter table t_{before} drop column note; -- zdmigrate: allow drop-column because nobody reads it
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(20):
        (tmp_path / f"{number:03}.sql").write_text(FILE.format(n=number, before=max(number - 1, 0)))
    return tmp_path


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MANY", 2)
    monkeypatch.setattr(two_processors, "_has_two_processors", lambda: True)


def linted(folder: Path) -> LintResult:
    changes, reported = read_history([str(folder)], str(folder))
    return lint_changes(changes, Config(), load_rules(), reported=reported)


def linted_by_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> LintResult:
    with monkeypatch.context() as patched:
        patched.setattr(engine, "MANY", 1_000)
        return linted(folder)


def by_place(result: LintResult) -> object:
    lines = {path: lines.text_of(2) for path, lines in result.lines.items()}
    return result.changed(lines={}), lines


def test_the_findings_are_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = linted(folder)
    assert result.summary.files == 20
    assert len(result.findings) >= 20
    assert by_place(result) == by_place(linted_by_one(folder, monkeypatch))


def test_the_findings_are_the_same_when_not_all_files_are_read_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_processors, "AT_ONCE", 7)
    assert by_place(linted(folder)) == by_place(linted_by_one(folder, monkeypatch))


@pytest.mark.parametrize("wrong", [["001"], ["007"], ["017"], ["001", "007"], ["001", "017"], ["007", "017"]])
def test_the_first_error_is_raised(folder: Path, wrong: list[str]) -> None:
    for name in wrong:
        (folder / f"{name}.sql").write_bytes(b"select '\xff'")
    with pytest.raises(InputError, match=f"{wrong[0]}.sql:1: not UTF-8"):
        linted(folder)


def test_files_of_a_child_that_was_killed_are_linted_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = linted_by_one(folder, monkeypatch)
    monkeypatch.setattr(two_processors, "_work", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert by_place(linted(folder)) == by_place(expected)


def test_nor_are_they_lost_when_it_is_killed_behind_its_first_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = linted_by_one(folder, monkeypatch)

    def answers(linter: engine.Linter, files: History, schema: Any) -> Iterator[tuple[Any, None]]:
        linter.catalog = schema.receive()
        yield linter.schema_left_by(files), None
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(two_processors, "_answers", answers)
    assert by_place(linted(folder)) == by_place(expected)


def test_no_child_is_left(folder: Path) -> None:
    linted(folder)
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # no child at all; an embedded server may be one
        ended = None
    assert ended is None
