"""A statement as written, with one word more."""

from __future__ import annotations

import re

_REINDEX = re.compile(r"(reindex\s*(?:\([^)]*\)\s*)?(?:index|table|schema|database))\b", re.IGNORECASE)


def concurrent_reindex(statement: str) -> str:
    return _REINDEX.sub(r"\1 CONCURRENTLY", statement, count=1)
