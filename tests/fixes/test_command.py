"""``lint --fix`` and ``lint --diff``: which files may change, what is said, and what stands in the file afterwards."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli_lint.command import zdmigrate
from tests.cli_lint.project import INDEX, TABLE, commit, write
from zdmigrate.sources.git import Old, old_files

if TYPE_CHECKING:
    from pathlib import Path

FIXED = INDEX.replace("INDEX", "INDEX CONCURRENTLY")
DROPPED = "DROP INDEX users_name_idx;\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two committed files, and one that git does not know yet."""
    write(tmp_path / "migrations", _001_users=TABLE, _002_index=INDEX)
    commit(tmp_path)
    write(tmp_path / "migrations", _003_drop=DROPPED)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "migrations"


def text(path: Path) -> str:
    return path.read_bytes().decode()


def test_fix_mends_new_files_and_leaves_alone_what_may_have_run(project: Path) -> None:
    said = zdmigrate("lint", "--fix")

    assert text(project / "003_drop.sql") == "DROP INDEX CONCURRENTLY users_name_idx;\n"
    assert text(project / "002_index.sql") == INDEX
    assert "fixed migrations/003_drop.sql:1 drop-index-not-concurrent" in said.out
    assert "left alone: 2 files as main has them" in said.out
    assert said.code == 1  # 002 still has its finding


def test_an_old_file_is_left_alone_even_when_it_is_named(project: Path) -> None:
    """A hook that is run on all files names each of them."""
    zdmigrate("lint", "--fix", "migrations/002_index.sql")

    assert text(project / "002_index.sql") == INDEX


def test_since_says_from_where_on_files_are_new(project: Path) -> None:
    commit(project.parent)

    zdmigrate("lint", "--fix", "--since", "HEAD~1")

    assert text(project / "002_index.sql") == INDEX
    assert text(project / "003_drop.sql") != DROPPED


def test_where_git_knows_nothing_only_files_that_are_named_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "migrations", _001_users=TABLE, _002_index=INDEX)
    monkeypatch.chdir(tmp_path)

    said = zdmigrate("lint", "--fix", "migrations")
    assert text(tmp_path / "migrations" / "002_index.sql") == INDEX
    assert "left alone: 2 files of which git knows nothing: name one by one" in said.out

    assert zdmigrate("lint", "--fix", "migrations/002_index.sql").code == 0
    assert text(tmp_path / "migrations" / "002_index.sql") == FIXED


def test_old_files_are_those_of_every_repository_whatever_their_branches_are_called(tmp_path: Path) -> None:
    for name in ("shop", "billing"):
        write(tmp_path / name, _001_users=TABLE)
        commit(tmp_path / name)
    files = {str(tmp_path / name / "001_users.sql") for name in ("shop", "billing")}

    assert old_files(files) == Old("main", frozenset(files))


def test_diff_writes_nothing_and_git_applies_it_to_the_same_text(project: Path) -> None:
    file = project / "003_drop.sql"
    file.write_bytes(b"\xef\xbb\xbf-- na\xc3\xafve\r\nALTER TABLE users ADD CHECK (id > 0)")

    shown = zdmigrate("lint", "--diff")
    assert shown.code == 1
    assert file.read_bytes().endswith(b"(id > 0)")

    subprocess.run(["git", "apply", "-"], input=shown.out.encode(), check=True)
    applied = file.read_bytes()
    file.write_bytes(b"\xef\xbb\xbf-- na\xc3\xafve\r\nALTER TABLE users ADD CHECK (id > 0)")
    zdmigrate("lint", "--fix")
    assert file.read_bytes() == applied


def test_diff_without_anything_to_do_is_silent_and_0(project: Path) -> None:
    (project / "003_drop.sql").unlink()

    assert zdmigrate("lint", "--diff", "--quiet")[:2] == (0, "")


def test_a_diff_is_all_that_stdout_has(project: Path) -> None:
    (project / "003_drop.sql").write_text(DROPPED + "BEGIN; REINDEX TABLE users; COMMIT;\n")

    shown = zdmigrate("lint", "--diff")

    assert shown.out.startswith("--- a/migrations/003_drop.sql\n+++ b/migrations/003_drop.sql\n@@")
    assert "not fixed: migrations/003_drop.sql:2 reindex-not-concurrent: REINDEX CONCURRENTLY cannot run" in shown.err


def test_permissions_stay_and_a_link_stays_a_link(project: Path) -> None:
    file, target = project / "003_drop.sql", project.parent / "elsewhere.sql"
    file.rename(target)
    target.chmod(0o640)
    file.symlink_to(target)

    zdmigrate("lint", "--fix")

    assert file.is_symlink()
    assert text(target) == "DROP INDEX CONCURRENTLY users_name_idx;\n"
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in project.iterdir()) == ["001_users.sql", "002_index.sql", "003_drop.sql"]


def test_what_a_baseline_knows_is_not_fixed(project: Path) -> None:
    zdmigrate("lint", "--baseline", "known.json", "--write-baseline")

    zdmigrate("lint", "--fix", "--baseline", "known.json")

    assert text(project / "003_drop.sql") == DROPPED


def test_later_files_are_linted_with_what_a_fix_has_left(project: Path) -> None:
    (project / "003_drop.sql").write_text("CREATE INDEX ON users (email);\n")
    write(project, _004_more="DROP INDEX users_email_idx;\n")

    zdmigrate("lint", "--fix")

    assert text(project / "004_more.sql") == "DROP INDEX CONCURRENTLY users_email_idx;\n"


def test_a_fix_beside_json_leaves_stdout_to_the_report(project: Path) -> None:
    said = zdmigrate("lint", "--fix", "--format", "json")

    assert said.out.startswith("{")
    assert "fixed migrations/003_drop.sql:1" in said.err


def test_nothing_is_fixed_on_a_command_line_that_is_refused(project: Path) -> None:
    for asked in (["--write-baseline"], ["--previous-release", "v1"]):
        assert zdmigrate("lint", "--fix", *asked).code == 2
    assert text(project / "003_drop.sql") == DROPPED


def test_standard_input_cannot_be_fixed() -> None:
    assert zdmigrate("lint", "--fix", "-").code == 2
