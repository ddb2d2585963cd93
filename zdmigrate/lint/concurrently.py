"""CREATE INDEX and REINDEX as written, with CONCURRENTLY where the grammar wants it."""

from __future__ import annotations

import re

_HEAD = r"(?i)(create\s+(?:unique\s+)?index|reindex\s*(?:\([^)]*\)\s*)?(?:index|table|schema|database))\b"


def concurrently(statement: str, name: str) -> str:
    """``name`` is for an index that has none: the server would choose one, which zdmigrate has to know."""
    head = re.match(_HEAD, statement)
    if head is None:
        return statement
    rest = statement[head.end() :]
    nameless = head[0][0] in "cC" and re.match(r"(?i)\s+on\b", rest)
    return f"{head[0]} CONCURRENTLY{f' {name}' if nameless else ''}{rest}"
