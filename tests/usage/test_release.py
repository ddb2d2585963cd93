"""Which release is the previous one, and what is read of it: from git, and never from the working tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli_lint.project import commit, git
from zdmigrate.config import Config, Lint
from zdmigrate.errors import UsageError
from zdmigrate.usage import app
from zdmigrate.usage.app import Usage, usage_of
from zdmigrate.usage.globs import chosen
from zdmigrate.usage.release import Release, named, tagged

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the tags v1 and v2, and a commit upon them."""
    top = tmp_path / "clone"
    for release in ("v1", "v2", ""):
        (top / "app").mkdir(parents=True, exist_ok=True)
        (top / "app" / "a.py").write_text(f"# {release}")
        commit(top)
        if release:
            git(top, "tag", release)
    monkeypatch.chdir(top)
    return top


def last_tag(top: Path, tags: str = "v*", *changed: Path) -> str:
    found = tagged(str(top), tags, map(str, changed))
    return found.name if isinstance(found, Release) else found


def test_the_nearest_tag_that_head_builds_on_is_the_release(top: Path) -> None:
    assert last_tag(top) == "v2"
    assert last_tag(top, "v1*") == "v1"
    git(top, "switch", "-q", "-c", "hotfix", "v1")
    (top / "app" / "a.py").write_text("hot")
    commit(top)
    assert last_tag(top) == "v1"


def test_the_tag_of_head_is_the_release_that_is_made(top: Path) -> None:
    git(top, "tag", "v3")
    git(top, "tag", "v3.0")
    assert last_tag(top) == "v2"


def test_with_a_change_that_is_not_committed_the_tag_of_head_is_the_release(top: Path) -> None:
    git(top, "tag", "v3")
    new = top / "002.sql"
    new.write_text("SELECT 1")
    assert last_tag(top, "v*", new) == "v3"
    assert last_tag(top, "v*", top / "app" / "a.py") == "v2"


def test_without_such_a_tag_there_is_a_reason(top: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert last_tag(top, "w*") == "HEAD builds on no tag that matches w*"
    assert "not a git repository" in last_tag(tmp_path_factory.mktemp("no_git"))


def test_a_shallow_clone_may_not_know_the_tag(top: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", top.as_uri(), "shallow")

    with pytest.raises(UsageError, match="this clone is shallow") as error:
        last_tag(tmp_path / "shallow")

    assert "git fetch --tags" in error.value.hint


@pytest.mark.parametrize("ref", ["v9", "", "--all", "-h", "HEAD..v1", "v1:app/a.py", "--output=x"])
def test_what_is_no_commit_is_refused_with_the_next_command(top: Path, ref: str) -> None:
    with pytest.raises(UsageError, match="git knows no such commit") as error:
        named(str(top), ref)

    assert "git fetch --tags" in error.value.hint
    assert not (top / "x").exists()


def test_a_glob_of_tags_is_no_option_of_git(top: Path) -> None:
    assert last_tag(top, "--all") == "HEAD builds on no tag that matches --all"


def test_files_are_as_the_release_has_them(top: Path) -> None:
    (top / "app" / "new.py").write_text("new")
    (top / "app" / "a.py").unlink()
    release = named(str(top), "v1")

    assert [(file.path, content) for file, content in release.read(release.files.values())] == [("app/a.py", b"# v1")]


def test_links_and_what_git_would_quote(top: Path) -> None:
    (top / "app" / 'ä "\n.py').write_bytes(b"odd\n")
    (top / "app" / "link.py").symlink_to("a.py")
    commit(top)
    release = named(str(top), "HEAD")

    assert {file.path: content for file, content in release.read(release.files.values())} == {
        "app/a.py": b"# ",
        'app/ä "\n.py': b"odd\n",
    }


def test_what_is_large_or_binary_is_not_looked_into(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "LARGEST", 100)
    (top / "app" / "large.py").write_text("x" * 101)
    (top / "app" / "binary.py").write_bytes(b"user.name\0")
    commit(top)
    usage = Usage(Config(lint=Lint(usage=("app/**",))), named(str(top), "HEAD"))

    assert {text.path: text.content for text in usage._texts()} == {"app/a.py": b"# ", "app/binary.py": b""}
    assert usage.notes == ["HEAD: not looked into, for they are over 1 MB: app/large.py"]


def test_files_beyond_what_is_held_in_memory_are_read_again(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "bcd":
        (top / "app" / f"{name}.py").write_text(name * 10)
    commit(top)
    for held in (0, 12, 25, 1000):
        monkeypatch.setattr(app, "HELD", held)
        usage = Usage(Config(lint=Lint(usage=("app/",))), named(str(top), "HEAD"))
        expected = ["app/a.py", "app/b.py", "app/c.py", "app/d.py"]
        assert [[text.path for text in usage._texts()] for _ in range(2)] == [expected, expected]


def test_nothing_to_look_into_is_said(top: Path) -> None:
    config = Config(lint=Lint(usage=("src/**",)))

    assert usage_of(config, "v1", [])[1] == [
        "v1 has no file that [lint] usage names: same-release-drop looked at nothing"
    ]
    assert "--previous-release" in usage_of(config, None, [])[1][0]
    assert usage_of(config.changed(release_tags="w*"), None, [])[1] == [
        "same-release-drop was not checked: HEAD builds on no tag that matches w*"
    ]


# --------------------------------------------------------------------------- globs

PATHS = [
    "app/a.py",
    "app/b/c.py",
    "app/b/c.ts",
    "lib/d.py",
    "e.py",
    "app/migrations/1.py",
    "db/migrate/1.rb",
    "app/x y[1].py",
]


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (["app/**/*.py"], ["app/a.py", "app/b/c.py", "app/x y[1].py"]),
        (["app/*.py"], ["app/a.py", "app/x y[1].py"]),
        (["**/*.py", "!lib/"], ["app/a.py", "app/b/c.py", "e.py", "app/x y[1].py"]),
        (["**", "!**/*.py", "app/a.py"], ["app/a.py", "app/b/c.ts"]),
        (["app/"], ["app/a.py", "app/b/c.py", "app/b/c.ts", "app/x y[1].py"]),
        (["?.py", "./lib/[!e].py"], ["lib/d.py", "e.py"]),
        (["*"], ["e.py"]),
        ([], []),
    ],
)
def test_globs_choose_code_and_no_migrations(globs: list[str], expected: list[str]) -> None:
    assert chosen(PATHS, globs, "", "") == expected


def test_globs_are_seen_from_the_configuration_and_pass_by_its_change_files() -> None:
    paths = ["services/a/db/1.sql", "services/a/q.sql", "services/b/q.sql", "q.sql"]

    assert chosen(paths, ["**/*.sql"], "services/a/", "services/a/db/") == ["services/a/q.sql"]
