"""``lint --fix`` and ``lint --diff``: what is mended, what is not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import UsageError
from zdmigrate.lint.mended_files import difference, mend_project, write
from zdmigrate.sources.history import STDIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.lint.mended_files import Choice
    from zdmigrate.lint.mending import Mended
    from zdmigrate.lint.project import Project


def fix(found: Sequence[Project], since: str | None, down: bool, console: Console) -> None:
    """Write the new texts, and say what was done."""
    for mended in _mended(found, since, down, console):
        if mended.after != mended.before:
            write(mended)
        for finding in mended.done:
            console.say(f"fixed {finding.path}:{finding.line} {finding.rule}")


def show(found: Sequence[Project], since: str | None, down: bool, console: Console) -> int:
    """Print what ``fix`` would write, as a diff; 1 where it would write something."""
    aside = console.changed(format="diff")  # what is said beside the diff is not of it
    lines = [line for mended in _mended(found, since, down, aside) for line in difference(mended)]
    if lines:
        console.result("".join(lines).removesuffix("\n"))
    return 1 if lines else 0


def _mended(found: Sequence[Project], since: str | None, down: bool, console: Console) -> list[Mended]:
    """The texts, with all that is not mended said."""
    if any(STDIN in project.paths for project in found):
        raise UsageError("standard input cannot be fixed in place", hint="name the file")
    results: list[Mended] = []
    for project in found:
        mended, choice = mend_project(project, since, down=down)
        results += mended
        _say_left(mended, choice, console)
    return results


def _say_left(mended: Sequence[Mended], choice: Choice, console: Console) -> None:
    for finding, reason in (left for one in mended for left in one.left):
        console.say(f"not fixed: {finding.path}:{finding.line} {finding.rule}: {reason}")
    if not choice.others:
        return
    count = "1 file" if len(choice.others) == 1 else f"{len(choice.others)} files"
    if choice.base is None:
        console.say(f"left alone: {count} of which git knows nothing: name one by one those that have not run yet")
    else:
        console.say(f"left alone: {count} as {choice.base} has them, for they may have run; see --since")
