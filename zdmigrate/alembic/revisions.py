"""Revisions as their files say it, read and not run: ids, what they stand on, and the labels of branches."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.sources.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Revision(NamedTuple):
    """One file; its names are empty where Python would have to run to tell them."""

    path: str
    id: str
    down: tuple[str, ...]
    labels: tuple[str, ...]


def revisions_in(paths: Iterable[str]) -> list[Revision]:
    return [_revision(path) for path in paths]


def heads(revisions: Sequence[Revision]) -> list[Revision]:
    """Those that no other stands on."""
    below = {name for revision in revisions for name in revision.down}
    return [revision for revision in revisions if revision.id not in below]


def head_of_branch(revisions: Sequence[Revision], label: str) -> Revision | None:
    """The last of the branch with a label; None where no revision has it."""
    found = next((revision for revision in revisions if label in revision.labels), None)
    while found is not None:
        above = next((other for other in revisions if found.id in other.down), None)
        if above is None:
            return found
        found = above
    return None


def _revision(path: str) -> Revision:
    said = constants_in(read_text(path))
    return Revision(
        path, str(said.get("revision", "")), _names(said.get("down_revision")), _names(said.get("branch_labels"))
    )


def constants_in(source: str) -> dict[str, Any]:
    """The names that a module gives to plain values at its top."""
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            with suppress(ValueError, TypeError):  # what is worked out as the file runs
                value = ast.literal_eval(node.value)
                found |= {target.id: value for target in targets if isinstance(target, ast.Name)}
    return found


def _names(said: Any) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())
