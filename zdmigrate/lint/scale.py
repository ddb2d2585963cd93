"""What work on a table comes to where its size is known: rows and seconds, and a lower severity if it is small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.config_keys import SEVERITIES
from zdmigrate.schema.row_estimates import work_of

if TYPE_CHECKING:
    from zdmigrate.config import Lint
    from zdmigrate.lint.finding import Finding
    from zdmigrate.schema.row_estimates import Work
    from zdmigrate.schema.walk import Analysed

# The rules of the other categories are not about how long it takes.
_ABOUT_WORK = ("locking", "data")


def scaled(finding: Finding, category: str, found: Analysed, lint: Lint) -> Finding:
    """The finding with the size of its work, where the rule is about work and the tables' sizes are known."""
    work = work_of(found.effects, lint.sizes) if category in _ABOUT_WORK else None
    if work is None:
        return finding
    lock = f" under {lock}" if (lock := found.facts["lock"]) else ""
    is_small = work.rows < lint.small_table_rows
    return finding.changed(
        message=f"{finding.message} About {told_seconds(work.seconds)}{lock} on {told_rows(work.rows)}.",
        severity=_lower(finding.severity) if is_small else finding.severity,
        rows=work.rows,
        seconds=_rounded(work),
    )


def _lower(severity: str) -> str:
    return SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]


def _rounded(work: Work) -> float:
    """Two digits: nothing about it is more exact."""
    return float(f"{work.seconds:.2g}")


def told_seconds(seconds: float) -> str:
    """``1 s`` for all that is less, ``40 s``, ``5 min``, ``3 h``."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}"
    return f"{max(1, round(seconds))} s"


def told_rows(rows: int) -> str:
    """``1 row``, ``900 rows``, ``1.5 k rows``, ``12 M rows``."""
    if rows < 1000:
        return "1 row" if rows == 1 else f"{rows} rows"
    unit, size = ("M", 1_000_000) if rows >= 1_000_000 else ("k", 1000)
    digits = 1 if rows < 10 * size else 0
    return f"{rows / size:,.{digits}f}".removesuffix(".0") + f" {unit} rows"
