"""``lint --previous-release REF``: what a contract takes from the code of that release is an error with its places."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.cli_lint.command import zdmigrate
from tests.cli_lint.project import DROP, TABLE, commit, git, write
from tests.docs.markdown import DOCS
from zdmigrate.lint import project

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = 'app = "billing"\nrelease_tags = "v*"\n[lint]\nusage = ["app/**/*.py", "queries/*.sql"]\n'
CONTRACT = f"-- zdmigrate: contract\n{DROP}"
QUERY = "-- name: GetUser :one\nSELECT id,\n       name\nFROM users WHERE id = $1;\n"
MODEL = "class User(Base):\n    id = Column(BigInteger)\n    name = Column(Text)\n"


@pytest.fixture(autouse=True)
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose release v7.2 names users.name twice, and whose code no longer does; a contract comes."""
    top = tmp_path / "billing"
    write(top / "migrations", _001_users=TABLE)
    write(top / "queries", user=QUERY)
    (top / "zdmigrate.toml").write_text(CONFIG)
    (top / "app").mkdir()
    (top / "app" / "models.py").write_text(MODEL)
    commit(top)
    git(top, "tag", "v7.2")
    write(top / "queries", user="SELECT id FROM users;\n")
    (top / "app" / "models.py").unlink()
    write(top / "migrations", _002_drop=CONTRACT)
    commit(top)
    monkeypatch.chdir(top)
    monkeypatch.setenv("ZDMIGRATE_CACHE", str(tmp_path / "cache"))
    return top


def found(*arguments: str) -> list[dict[str, Any]]:
    """The findings of same-release-drop, as JSON."""
    told = zdmigrate("lint", "--format", "json", *arguments)
    assert told.code in (0, 1), told.err
    report = json.loads(told.out)
    jsonschema.validate(report, json.loads((DOCS / "schemas" / "lint-v1.schema.json").read_text("utf-8")))
    return [finding for finding in report["findings"] if finding["rule"] == "same-release-drop"]


def places(*arguments: str) -> list[str]:
    return [f"{one['path']}:{one['line']}" for finding in found(*arguments) for one in finding["evidence"]]


def test_it_is_an_error_that_shows_where() -> None:
    told = zdmigrate("lint", "--previous-release", "v7.2")

    assert told.code == 1
    assert (
        "error same-release-drop: billing v7.2 still names users.name: queries/user.sql:3, app/models.py:3." in told.out
    )
    assert "   = app/models.py:3     name = Column(Text)\n" in told.out
    assert "-- zdmigrate: contract\n" in told.out
    assert told.err == ""


def test_without_an_option_the_last_tag_is_the_release() -> None:
    assert places() == ["queries/user.sql:3", "app/models.py:3"]


def test_the_next_release_may_contract(top: Path) -> None:
    git(top, "rm", "-q", "migrations/002_drop.sql")
    commit(top)
    git(top, "tag", "v7.3")
    write(top / "migrations", _002_drop=CONTRACT)

    assert found() == []
    assert places("--previous-release", "v7.2") == ["queries/user.sql:3", "app/models.py:3"]


def test_what_that_release_has_brought_itself_it_was_built_for(top: Path) -> None:
    write(top / "queries", user=QUERY)
    commit(top)
    git(top, "tag", "v7.3")
    with (top / "migrations" / "002_drop.sql").open("a") as file:
        file.write("-- a comment\n")
    assert found("--previous-release", "v7.3") == []

    (top / "migrations" / "002_drop.sql").rename(top / "migrations" / "003_drop.sql")
    commit(top)
    git(top, "tag", "v7.4")
    (top / "migrations" / "003_drop.sql").rename(top / "migrations" / "004_drop.sql")
    assert found("--previous-release", "v7.4") == []

    with (top / "migrations" / "004_drop.sql").open("a") as file:
        file.write("ALTER TABLE users DROP COLUMN id;\n")
    assert [finding["line"] for finding in found("--previous-release", "v7.4")] == [2, 4]


def test_a_file_without_markers_gets_this_instead_of_the_general_word(top: Path) -> None:
    write(top / "migrations", _002_drop=f"{DROP}ALTER TABLE users DROP COLUMN email;\n")

    rules = [finding["rule"] for finding in json.loads(zdmigrate("lint", "--format", "json").out)["findings"]]

    assert [rule for rule in rules if rule.endswith(("drop", "column"))] == ["same-release-drop", "drop-column"]


def test_an_expand_and_a_revert_are_not_asked(top: Path) -> None:
    write(top / "migrations", _002_drop=f"-- zdmigrate: expand\nSELECT 1;\n-- zdmigrate: revert\n{DROP}")

    assert found() == []


def test_a_column_that_gets_its_name_back_is_not_lost(top: Path) -> None:
    swap = "ALTER TABLE users RENAME COLUMN email TO name;\n"
    write(top / "migrations", _002_drop=f"-- zdmigrate: contract\nBEGIN;\n{DROP}{swap}COMMIT;\n")

    assert found() == []


def test_an_allow_takes_it_back_and_is_never_called_unused(top: Path) -> None:
    allow = "-- zdmigrate: allow same-release-drop because billing stops for this\n"
    write(top / "migrations", _002_drop=f"-- zdmigrate: contract\n{allow}{DROP}")

    for arguments in ([], ["--previous-release", "HEAD"]):
        assert "drop" not in zdmigrate("lint", *arguments).out
        assert "unused" not in zdmigrate("lint", *arguments).out


def test_many_places_are_counted(top: Path) -> None:
    git(top, "checkout", "-q", "v7.2", "--", "queries", "app")
    (top / "app" / "many.py").write_text("user.name\n" * 15)
    commit(top)
    told = zdmigrate("lint", "--previous-release", "HEAD~0")
    assert "still names" not in told.out, "the contract is part of that commit"
    git(top, "tag", "v8")
    write(top / "migrations", _003_again="-- zdmigrate: contract\nALTER TABLE users RENAME COLUMN name TO title;\n")

    told = zdmigrate("lint", "migrations/003_again.sql")

    assert "app/many.py:4 and 12 more" in told.out
    assert "and 12 further lines" in told.out
    assert len(places("migrations/003_again.sql")) == 17


def test_sarif_and_markdown_show_the_places() -> None:
    [result] = json.loads(zdmigrate("lint", "--format", "sarif").out)["runs"][0]["results"]
    [first, second] = [related["physicalLocation"] for related in result["relatedLocations"]]

    assert first["artifactLocation"]["uri"] == "queries/user.sql"
    assert second["region"] == {"startLine": 3}
    assert "- `app/models.py:3` `name = Column(Text)`" in zdmigrate("lint", "--format", "markdown").out


def test_standard_input_is_a_change_that_comes(monkeypatch: pytest.MonkeyPatch, top: Path) -> None:
    git(top, "rm", "-q", "migrations/002_drop.sql")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTRACT.encode())))

    assert places("-") == ["queries/user.sql:3", "app/models.py:3"]


def test_each_service_of_a_monorepo_has_its_own_code(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "zdmigrate.toml").rename(top / "migrations" / "zdmigrate.toml")
    for service, column in (("a", "email"), ("b", "name")):
        folder = top / "services" / service
        write(folder / "migrations", _001_users=TABLE)
        write(folder / "queries", q=f"SELECT {column} FROM users;\n")
        (folder / "zdmigrate.toml").write_text(CONFIG)
    commit(top)
    git(top, "tag", "v8")
    for service in "ab":
        write(top / "services" / service / "migrations", _002_drop=CONTRACT)
    assert places("services/a/migrations", "services/b/migrations") == ["services/b/queries/q.sql:1"]

    monkeypatch.chdir(top / "services" / "b" / "migrations")
    assert places(".") == ["../queries/q.sql:1"]


def test_what_is_kept_from_an_earlier_run_is_of_the_same_release(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "MANY", 1)
    first = found()
    assert first == found() != []

    git(top, "tag", "v8")
    git(top, "commit", "-q", "--allow-empty", "-m", "m")
    assert found() == []


# --------------------------------------------------------------------------- what cannot be looked into


def test_a_release_that_git_does_not_know_exits_with_2_and_the_next_command() -> None:
    told = zdmigrate("lint", "--previous-release", "v9")

    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: --previous-release v9: git knows no such commit")
    assert "next: git fetch --tags" in told.err


def test_without_a_tag_there_is_a_warning(top: Path) -> None:
    git(top, "tag", "-d", "v7.2")

    told = zdmigrate("lint")

    assert told.err == "warning: same-release-drop was not checked: HEAD builds on no tag that matches v*\n"


def test_without_usage_nothing_happens_and_the_option_is_refused(top: Path) -> None:
    (top / "zdmigrate.toml").write_text('release_tags = "v*"')

    assert zdmigrate("lint").err == ""
    told = zdmigrate("lint", "--previous-release", "v7.2")
    assert told.code == 2
    assert "usage = " in told.err


def test_who_has_configured_no_usage_pays_nothing_for_it(top: Path) -> None:
    (top / "zdmigrate.toml").write_text("")
    told = "import sys; from zdmigrate.cli.main import run; run(['lint', '--no-cache']); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert "zdmigrate.lint.engine" in ran.stdout
    assert not {"zdmigrate.usage", "sqlglot", "subprocess"} & set(ran.stdout.split())
