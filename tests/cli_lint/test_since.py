"""``lint --since REF``: what git says is new is reported on, and all that was before is history."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli_lint.command import zdmigrate
from tests.cli_lint.project import DROP, INDEX, TABLE, commit, git, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on main with two change files, one of them bad."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "migrations", _001_users=TABLE, _002_drop=DROP)
    commit(tmp_path)
    return tmp_path


def found(*arguments: str) -> list[str]:
    """``path rule`` of each finding."""
    told = zdmigrate("lint", "--format", "json", *arguments)
    assert told.code in (0, 1), told.err
    return [f"{finding['path']} {finding['rule']}" for finding in json.loads(told.out)["findings"]]


def test_what_has_not_changed_is_not_reported_on() -> None:
    assert found() == ["migrations/002_drop.sql drop-column"]
    assert found("--since", "main") == []


def test_new_files_are_reported_on_whether_committed_staged_or_neither(old: Path) -> None:
    git(old, "switch", "-q", "-c", "topic")
    write(old / "migrations", _003_a="ALTER TABLE users DROP COLUMN email;\n")
    commit(old)
    write(old / "migrations", _004_b=INDEX.replace("name", "id"))
    git(old, "add", "-A")
    write(old / "migrations", _005_c="DROP TABLE users;\n")

    assert found("--since", "main") == [
        "migrations/003_a.sql drop-column",
        "migrations/004_b.sql create-index-not-concurrent",
        "migrations/005_c.sql drop-table",
    ]


def test_a_changed_file_is_reported_on_whole(old: Path) -> None:
    with (old / "migrations" / "002_drop.sql").open("a") as file:
        file.write("DROP TABLE users;\n")

    assert found("--since", "HEAD") == ["migrations/002_drop.sql drop-column", "migrations/002_drop.sql drop-table"]


def test_the_old_files_tell_what_the_schema_looks_like(old: Path) -> None:
    write(old / "migrations", _003_again="CREATE TABLE notes (id int);\n", _004="CREATE INDEX i ON users (email);\n")

    assert found("--since", "main") == ["migrations/004.sql create-index-not-concurrent"]


def test_what_main_got_meanwhile_is_not_ours(old: Path) -> None:
    git(old, "switch", "-q", "-c", "topic")
    git(old, "switch", "-q", "main")
    (old / "migrations" / "002_drop.sql").write_text("ALTER TABLE users DROP COLUMN email;\n")
    commit(old)
    git(old, "switch", "-q", "topic")

    assert found("--since", "main") == []


def test_a_file_that_was_only_moved_is_not_new_and_one_that_was_moved_and_changed_is(old: Path) -> None:
    git(old, "mv", "migrations", "db")
    assert found("--since", "main", "db") == []

    with (old / "db" / "002_drop.sql").open("a") as file:
        file.write("\n")
    (old / "db" / "002_drop.sql").rename(old / "db" / "003_drop.sql")
    git(old, "add", "-A")
    assert found("--since", "main", "db") == ["db/003_drop.sql drop-column"]


def test_it_works_from_a_subfolder_and_for_names_that_git_would_quote(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old / "migrations" / '003 "ä"\n.sql').write_text("DROP TABLE users;\n")
    monkeypatch.chdir(old / "migrations")

    assert found("--since", "main", ".") == ['./003 "ä"\n.sql drop-table']


def test_standard_input_is_always_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DROP.encode())))

    assert found("--since", "main", "-") == ["<stdin> drop-column"]


def test_a_hooks_own_variables_do_not_mislead(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(old / "nowhere"))

    assert found("--since", "main") == []


def test_a_commit_that_is_not_known_exits_with_2_and_says_so() -> None:
    told = zdmigrate("lint", "--since", "origin/main")

    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: --since origin/main: git knows no such commit")
    assert "fetch-depth: 0" in told.err


@pytest.mark.parametrize("ref", ["--all", "-h", "", "HEAD..main"])
def test_what_is_no_commit_is_not_taken_for_an_option_of_git(ref: str) -> None:
    assert zdmigrate("lint", f"--since={ref}").code == 2


def test_outside_of_git_it_exits_with_2_and_says_so(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("no_git")
    write(folder / "migrations", _001=TABLE)
    monkeypatch.chdir(folder)

    told = zdmigrate("lint", "--since", "main")

    assert (told.code, told.out) == (2, "")
    assert "not a git repository" in told.err
    assert "Traceback" not in told.err


def test_without_git_it_exits_with_2_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    told = zdmigrate("lint", "--since", "main")

    assert (told.code, told.err) == (2, "error: git is not installed, and --since asks it\nnext: install git\n")
