"""The first lint of a project that has lived long: what is old is counted, and the way to begin is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zdmigrate.sources.history import STDIN_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.lint.finding import LintResult
    from zdmigrate.sources.git import Old

MANY = 20  # findings that nobody reads one by one
BASELINE = "zdmigrate-baseline.json"


def mostly_old(result: LintResult) -> Old | None:
    """The old files, where most of many findings are in them: they have run, and nothing can be done about them."""
    paths = {finding.path for finding in result.findings} - {STDIN_PATH}
    if len(result.findings) < MANY or not any(map(_in_a_checkout, {os.path.dirname(path) for path in paths})):
        return None
    from zdmigrate.sources.git import old_files

    old = old_files(paths)
    count = sum(finding.path in old.paths for finding in result.findings) if old else 0
    return old if count >= MANY and 2 * count > len(result.findings) else None


def _in_a_checkout(folder: str) -> bool:
    """Whether it is worth while to ask git, which takes 10 ms to say that it is not."""
    folder = os.path.realpath(folder)
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return False
    return True


def advice(old: Old, paths: Sequence[str]) -> list[str]:
    """What to type, for who called ``lint`` with these paths."""
    import shlex  # needed once in a project's life

    call = shlex.join(["zdmigrate", "lint", *paths])
    return [
        f"These files are as {old.base} has them; what they did is done. To look at what is new from now on, type",
        f"  {call} --since {old.base}",
        "or keep today's findings in a file, and hear of others only:",
        f"  {call} --baseline {BASELINE} --write-baseline",
        f"To see each of them: {call} --verbose",
    ]
