"""The globs of ``[lint] usage``: ``**`` stands for any folders, ``*`` for any text within a name, ``!`` leaves out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Migrations name what was there before, and nobody runs them again.
_MIGRATIONS = re.compile(r"(?:^|/)(?:migrations?|migrate|alembic|flyway)/")
_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|[^*?\[]+|\[")


def chosen(paths: Iterable[str], globs: Sequence[str], root: str, without: str) -> list[str]:
    """The paths below ``root`` that the globs name; a later glob wins. Change files, ``without`` and others, never."""
    patterns = [(glob.startswith("!"), _pattern(glob.removeprefix("!"))) for glob in globs]
    return [path for path in paths if _is_chosen(path, patterns, root, without)]


def _is_chosen(path: str, patterns: Sequence[tuple[bool, re.Pattern[str]]], root: str, without: str) -> bool:
    if not path.startswith(root) or (without and path.startswith(without)) or _MIGRATIONS.search(path):
        return False
    inside = path[len(root) :]
    last = next((leaves_out for leaves_out, pattern in reversed(patterns) if pattern.fullmatch(inside)), True)
    return not last


def _pattern(glob: str) -> re.Pattern[str]:
    told = glob.removeprefix("./")
    return re.compile("".join(map(_part, _PARTS.findall(told + "**" if told.endswith("/") else told))), re.DOTALL)


def _part(part: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if part in known:
        return known[part]
    if part.startswith("[") and len(part) > 1:
        return f"[{'^' if part[1] == '!' else ''}{re.escape(part[1:-1].removeprefix('!')).replace(chr(92) + '-', '-')}]"
    return re.escape(part)
