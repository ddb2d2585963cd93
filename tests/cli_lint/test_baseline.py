"""``lint --baseline FILE``: known findings are counted, new ones reported, and entries without use told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_lint.command import Printed, zdmigrate
from tests.cli_lint.project import DROP, INDEX, TABLE, write

FILE = "known.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "migrations", _001_users=TABLE, _002_drop=DROP, _003_index=INDEX)
    return tmp_path / "migrations"


def lint(*arguments: str) -> Printed:
    return zdmigrate("lint", "--baseline", FILE, *arguments)


def entries() -> list[str]:
    return [f"{entry['path']} {entry['rule']}" for entry in json.loads(Path(FILE).read_text())["findings"]]


def test_what_was_written_is_known_from_then_on() -> None:
    told = lint("--write-baseline")

    assert (told.code, told.err) == (0, "")
    assert told.out == "no findings in 3 files (3 statements); 2 more in the baseline\n"
    assert lint() == told
    assert entries() == [
        "migrations/002_drop.sql drop-column",
        "migrations/003_index.sql create-index-not-concurrent",
    ]


def test_a_statement_is_known_when_it_moves_and_new_when_it_changes(folder: Path) -> None:
    lint("--write-baseline")
    write(folder, _002_drop=f"-- a comment\n\n{DROP.replace(' ', chr(10))}")
    assert lint().code == 0

    write(folder, _002_drop=DROP.replace("name", "email"))
    told = lint()

    assert told.code == 1
    assert "migrations/002_drop.sql:1:19 error drop-column" in told.out
    assert "create-index" not in told.out


def test_the_same_statement_once_more_is_new(folder: Path) -> None:
    lint("--write-baseline")
    write(folder, _002_drop=DROP * 2)

    told = lint()

    assert told.out.endswith("1 error in 3 files (4 statements); 2 more in the baseline\n")


def test_entries_that_match_nothing_any_more_are_told(folder: Path) -> None:
    lint("--write-baseline")
    write(folder, _002_drop="SELECT 1;\n")
    (folder / "003_index.sql").unlink()

    told = lint()

    assert told.code == 0
    assert told.err == (
        "warning: known.json: nothing matches drop-column in migrations/002_drop.sql, "
        "create-index-not-concurrent in migrations/003_index.sql any more: write it anew\n"
    )


def test_writing_keeps_what_is_said_of_files_that_were_not_looked_at(folder: Path) -> None:
    lint("--write-baseline")
    write(folder, _004="DROP TABLE users;\n")

    lint("--write-baseline", "migrations/004.sql")

    assert entries() == [
        "migrations/002_drop.sql drop-column",
        "migrations/003_index.sql create-index-not-concurrent",
        "migrations/004.sql drop-table",
    ]


def test_a_baseline_of_the_configuration_holds_from_every_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("zdmigrate.toml").write_text(f'[lint]\nbaseline = "{FILE}"')
    assert zdmigrate("lint", "--write-baseline").code == 0

    monkeypatch.chdir(folder)
    told = zdmigrate("lint", ".")

    assert (told.code, told.err) == (0, "")


def test_the_counts_of_json_leave_out_what_is_known() -> None:
    lint("--write-baseline")

    report = json.loads(lint("--format", "json").out)

    assert report["findings"] == []
    assert (report["summary"]["errors"], report["summary"]["in_baseline"]) == (0, 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "known.json: there is no such baseline"),
        ("{", "known.json: this is no baseline"),
        ('{"findings": [{"path": 1}]}', "known.json: this is no baseline"),
        (
            '{"findings": [{"path": "a", "rule": "drop-colum", "statement": "0"}]}',
            "known.json: no rule drop-colum\nnext: did you mean drop-column?",
        ),
    ],
)
def test_a_file_that_is_no_baseline_exits_with_2(text: str | None, told: str) -> None:
    if text is not None:
        Path(FILE).write_text(text)

    printed = lint()

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith(f"error: {told}")


def test_writing_needs_a_file() -> None:
    told = zdmigrate("lint", "--write-baseline")

    assert told.code == 2
    assert told.err.endswith("next: name one with --baseline FILE\n")


def test_a_baseline_that_cannot_be_written_is_no_bug() -> None:
    told = zdmigrate("lint", "--baseline", "absent/known.json", "--write-baseline")

    assert (told.code, told.err.splitlines()[0]) == (
        2,
        "error: absent/known.json cannot be written: No such file or directory",
    )
