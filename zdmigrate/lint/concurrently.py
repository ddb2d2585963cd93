"""CREATE INDEX and REINDEX as written, with CONCURRENTLY or ONLY where the grammar wants it."""

from __future__ import annotations

import re

_HEAD = r"(?i)(create\s+(?:unique\s+)?index|reindex\s*(?:\([^)]*\)\s*)?(?:index|table|schema|database))\b"
_NAME = r'(?:"(?:[^"]|"")+"|[^\s".(]+)'
_INDEX = (
    rf"(?is)(create\s+(?:unique\s+)?index)(?:\s+concurrently)?(?:\s+if\s+not\s+exists)?(?:\s+(?!on\b){_NAME})?\s+on\s+"
)
_TABLE = rf"(?:only\s+)?({_NAME}(?:\s*\.\s*{_NAME})?)\s*"


def concurrently(statement: str, name: str) -> str:
    """``name`` is for an index that has none: the server would choose one, which zdmigrate has to know."""
    head = re.match(_HEAD, statement)
    if head is None:
        return statement
    rest = statement[head.end() :]
    nameless = head[0][0] in "cC" and re.match(r"(?i)\s+on\b", rest)
    return f"{head[0]} CONCURRENTLY{f' {name}' if nameless else ''}{rest}"


def on_only(statement: str, name: str) -> str:
    """The index of a partitioned table without those of its partitions: UNIQUE, expressions and WHERE stay."""
    found = re.match(_INDEX + _TABLE, statement)
    if found is None:
        return statement
    return f"{found[1]} {name} ON ONLY {found[2]} {statement[found.end() :]}"


def on_partition(statement: str) -> str:
    """The same index on a partition, whose name and whose index's name are for the reader to write."""
    found = re.match(_INDEX + _TABLE, statement)
    return statement if found is None else f"{found[1]} CONCURRENTLY ... ON ... {statement[found.end() :]}"
