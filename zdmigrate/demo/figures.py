"""What was measured, what of the promise it breaks, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zdmigrate.demo.lock_waits import Wait

EXAMPLES = 3  # of what went wrong, at most


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """Of one app version."""

    queries: int
    writes: int
    failures: Sequence[str]
    longest_wait: Wait | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the whole story; times in seconds. ``lost`` says by email what was lost."""

    versions: Mapping[str, VersionFigures]
    lock_budget: float
    looks: int
    widest_gap: float
    checks: int
    disagreed: int
    rows: int
    lost: Mapping[str, str]
    seconds: float

    @property
    def failures(self) -> list[str]:
        return [failure for version in self.versions.values() for failure in version.failures]


def broken(figures: Figures) -> Iterator[str]:
    """Each part of the promise that did not hold; nothing where it held."""
    if figures.failures:
        yield _with_examples(_count(len(figures.failures), "query failed", "queries failed"), figures.failures)
    if figures.lost:
        lost = [f"{email}: {what}" for email, what in figures.lost.items()]
        yield _with_examples(_count(len(figures.lost), "write was lost", "writes were lost"), lost)
    if figures.disagreed:
        yield f"the two names of {_count(figures.disagreed, 'row', 'rows')} disagreed"
    if not figures.checks:
        yield "it was never checked whether the two names agree"
    for name, version in figures.versions.items():
        yield from _broken_by(name, version, figures.lock_budget)


def _broken_by(name: str, version: VersionFigures, budget: float) -> Iterator[str]:
    if not version.queries:
        yield f"{name} ran no query"
    longest = version.longest_wait
    if longest is not None and longest.seconds > budget:
        waited = f"{longest.seconds * 1000:.1f} ms"
        yield f"a query of {name} waited {waited} for {longest.what}; the budget is {_ms(budget)}"


def table(figures: Figures) -> str:
    """One column a version, then what concerns both."""
    versions = figures.versions
    lines = [
        _line("", *versions),
        _line("queries", *(f"{version.queries:,}" for version in versions.values())),
        _line("acknowledged writes", *(f"{version.writes:,}" for version in versions.values())),
        _line("failed queries", *(str(len(version.failures)) for version in versions.values())),
        _line("longest lock wait", *(_wait(version.longest_wait) for version in versions.values()))
        + f"   budget {_ms(figures.lock_budget)}",
        "",
        _line("lost writes", str(len(figures.lost))) + f"   all {figures.rows:,} users were compared",
        _line("names that disagreed", str(figures.disagreed)) + f"   in {figures.checks:,} checks of all users",
        _line("duration", f"{figures.seconds:.0f} s"),
    ]
    return "\n".join(lines)


def how_measured(figures: Figures, logged_from: float) -> str:
    """What the figure of the longest wait is worth."""
    return (
        f"Lock waits are the server's own: pg_locks was looked at {figures.looks:,} times, at most "
        f"{_ms(figures.widest_gap)} apart, and a wait counts until it was seen to be over. None over "
        f"{_ms(logged_from)} can be missed: the server logs those, to the microsecond."
    )


def _line(label: str, *values: str) -> str:
    return f"  {label:<22}" + "".join(f"{value:>12}" for value in values)


def _wait(wait: Wait | None) -> str:
    return _ms(wait.seconds) if wait else "none seen"


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.1f} ms" if 0 < milliseconds < 10 else f"{milliseconds:.0f} ms"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _with_examples(sentence: str, examples: Sequence[str]) -> str:
    shown = "; ".join(examples[:EXAMPLES])
    return f"{sentence} ({shown}{' …' if len(examples) > EXAMPLES else ''})"
