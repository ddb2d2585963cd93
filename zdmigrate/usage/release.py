"""The release before the change at hand: its commit, and the files that git has for it. No working tree is read."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError
from zdmigrate.sources.git import GitError, ask_git, environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OPTION = "--previous-release"
_FETCH = "git fetch --tags (in a shallow clone: git fetch --tags --unshallow; in GitHub's checkout: fetch-depth: 0)"


class File(NamedTuple):
    """A file of the release; ``path`` is as seen from the top of the repository, with slashes."""

    path: str
    blob: str
    size: int


class Release:
    """A commit, by the name that a person gave it."""

    def __init__(self, top: str, name: str, commit: str) -> None:
        self.top = top
        self.name = name
        self.commit = commit

    @cached_property
    def files(self) -> dict[str, File]:
        """Every file by its path; links and submodules left out."""
        listed = _git(self.top, "ls-tree", "-r", "-l", "-z", "--full-tree", self.commit)
        found = (_file(line) for line in listed.split("\0") if line.startswith("100"))
        return {file.path: file for file in found}

    def with_content(self, blob: str) -> list[str]:
        """The paths of the files that hold this, by git's name for a content."""
        return [file.path for file in self.files.values() if file.blob == blob]

    def read(self, files: Iterable[File]) -> Iterator[tuple[File, bytes]]:
        """The files with what is in them, each when it is asked for, from one git."""
        wanted = list(files)
        if not wanted:
            return
        with tempfile.TemporaryFile() as asked:
            asked.write("".join(f"{file.blob}\n" for file in wanted).encode())
            asked.seek(0)
            command = ["git", "-C", self.top, "cat-file", "--batch"]
            with subprocess.Popen(
                command, stdin=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
            ) as git:
                assert git.stdout is not None
                for file in wanted:
                    head = git.stdout.readline().split()
                    if len(head) != 3:  # "… missing": a clone that has not all of its objects
                        raise UsageError(f"{file.path} of {self.name} is not in this clone", hint="git fetch")
                    content = git.stdout.read(int(head[2]))
                    git.stdout.read(1)
                    yield file, content


def _file(line: str) -> File:
    head, _, path = line.partition("\t")
    _, _, blob, size = head.split()
    return File(path, blob, int(size))


def _git(folder: str, *arguments: str) -> str:
    return os.fsdecode(ask_git(folder, *arguments, asker=OPTION))


# --------------------------------------------------------------------------- which one


def named(folder: str, ref: str) -> Release:
    """The release that a person names; UsageError with the next command where git knows no such commit."""
    try:
        top = _top(folder)
    except GitError as error:
        raise UsageError(f"{OPTION} {ref}: {error}", hint="run it in a clone") from None
    try:
        return Release(top, ref, _commit(top, ref))
    except GitError as error:
        raise UsageError(f"{OPTION} {ref}: git knows no such commit ({error})", hint=_FETCH) from None


def tagged(folder: str, tags: str, changed: Iterable[str]) -> Release | str:
    """The last release before the change at hand by its tag, or why there is none.

    That is the nearest tag that HEAD builds on. A tag of HEAD itself is the release that is being made, unless one
    of the ``changed`` files has not been committed: then it is the one before. UsageError in a shallow clone, which
    may have the tag elsewhere.
    """
    try:
        top = _top(folder)
        own = [tag for tag in _git(top, "tag", "--points-at", "HEAD").split("\n") if tag]
        without = [] if own and _has_uncommitted(top, changed) else own
        tag = _nearest(top, tags, without)
    except GitError as error:
        return str(error)
    if tag is not None:
        return Release(top, tag, _commit(top, f"refs/tags/{tag}"))
    if _git(top, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise UsageError(f"release_tags {tags}: this clone is shallow, and has no such tag below HEAD", hint=_FETCH)
    return f"HEAD builds on no tag that matches {tags}"


def _top(folder: str) -> str:
    return _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")


def _commit(top: str, ref: str) -> str:
    return _git(top, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()


def _nearest(top: str, tags: str, without: Iterable[str]) -> str | None:
    excluded = [f"--exclude={tag}" for tag in without]
    try:
        return _git(top, "describe", "--tags", "--abbrev=0", f"--match={tags}", *excluded, "HEAD").strip()
    except GitError as error:
        if re.search(r"No names found|No tags can describe|cannot describe", str(error)):
            return None
        raise


def _has_uncommitted(top: str, paths: Iterable[str]) -> bool:
    words = _git(top, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all").split("\0")
    differing = {os.path.realpath(os.path.join(top, word[3:])) for word in words if word}
    return any(os.path.realpath(path) in differing for path in paths)
