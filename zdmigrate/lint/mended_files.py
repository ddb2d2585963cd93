"""Which files may be mended, and their new texts on the disc."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.lint.engine import Linter
from zdmigrate.lint.mending import Mended, Mender
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.git import changed_since, old_files
from zdmigrate.sources.history import Source, read_history

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from zdmigrate.lint.finding import Finding
    from zdmigrate.lint.project import Project


class Choice(NamedTuple):
    """The files that may change. Of the others ``base`` says since when they are as they are; None without git."""

    paths: frozenset[str]
    others: frozenset[str]
    base: str | None


def mend_project(project: Project, since: str | None, *, down: bool = False) -> tuple[list[Mended], Choice]:
    """The new texts of a project's files; nothing is written."""
    config = project.config
    files, reported = read_history(
        project.paths,
        project.folder,
        Source.of(config, down=down),
    )
    choice = may_change(reported.intersection(files.writable()), project.paths, since)
    rules = load_rules(config.lint.rules)
    mender = Mender(Linter(config, rules, reported=reported), rules, _Unknown(project, [rule.name for rule in rules]))
    return mender.mend(files, choice.paths), choice


def may_change(paths: Collection[str], named: Collection[str], since: str | None) -> Choice:
    """What has run must not change, and what the main branch has as it is may have run everywhere.

    Where git knows nothing of them, only files that were named one by one.
    """
    if since is not None:
        new, base = changed_since(since, paths), since
    elif (old := old_files(paths)) is not None:
        new, base = set(paths) - old.paths, old.base
    else:
        new, base = set(paths) & set(named), ""
    return Choice(frozenset(new), frozenset(paths) - new, base or None)


class _Unknown:
    """The findings that the project's baseline does not know: who keeps a finding there has decided to live with it."""

    def __init__(self, project: Project, rules: Sequence[str]) -> None:
        self._file = project.config.lint.baseline
        self._rules = rules

    def __call__(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        if not self._file or not findings:
            return findings
        from zdmigrate.lint.baseline import read_baseline

        return read_baseline(self._file, self._rules).new(findings)


# --------------------------------------------------------------------------- writing


def write(mended: Mended) -> None:
    """The new text in the old one's place, whole or not at all, with its permissions; a link stays a link."""
    path = os.path.realpath(mended.path)
    with open(path, "rb") as file:
        if file.read() != mended.before.encode():
            raise InputError(f"{mended.path}:1: was changed meanwhile", hint="run it again")
    draft = f"{path}.{secrets.token_hex(4)}"
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(mended.after.encode())
        os.chmod(draft, os.stat(path).st_mode & 0o7777)
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(draft)
        raise InputError(f"{mended.path}:1: cannot be written: {error.strerror}", hint="make it writable") from None


def difference(mended: Mended) -> Iterator[str]:
    """A unified diff, as ``git apply`` and ``patch -p1`` take it."""
    from difflib import unified_diff

    path = mended.path.replace(os.sep, "/")
    before, after = (text.splitlines(keepends=True) for text in (mended.before, mended.after))
    for line in unified_diff(before, after, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
