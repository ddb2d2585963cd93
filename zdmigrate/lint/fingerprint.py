"""What a finding is known by in other runs: its statement and its rule, and never its line."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.lint.finding import Finding


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """One for each finding, none twice: 32 hexadecimal digits over path, rule, statement, and which of several it is.

    Several are the columns that one ALTER TABLE drops, or a statement that a file has twice.
    """
    seen = Counter[tuple[str, str, str]]()
    for finding in findings:
        key = (shown_path(finding.path), finding.rule, finding.statement)
        seen[key] += 1
        yield _digest("\0".join([*key, str(seen[key])]))


def statement_digest(finding: Finding) -> str:
    """Of the statement alone."""
    return _digest(finding.statement)


def _digest(text: str) -> str:
    from hashlib import sha256  # not at the start: most files have no findings

    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def shown_path(path: str, start: str = os.curdir) -> str:
    """A path as every machine and every folder has it: from ``start`` where it is below, with slashes."""
    near = os.path.relpath(path, start)
    return (path if near.startswith(os.pardir) else near).replace(os.sep, "/")
