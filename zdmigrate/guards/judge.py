"""Whether a guard's number is beyond its threshold, absolute or relative to what it was before the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.guards.measure import Unmeasured, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zdmigrate.config import Guard


def take_baseline(guards: Sequence[Guard], known: Mapping[str, float]) -> dict[str, float]:
    """What guards with a relative threshold measure before the start; one that is ``known`` is not taken again.

    Raises Unmeasured, whose text names the guard, where there is none, or one that nothing can be relative to.
    """
    baseline = {}
    for guard in guards:
        if guard.max_ratio is None and guard.min_ratio is None:
            continue
        try:
            value = known[guard.name] if guard.name in known else measure(guard)
        except Unmeasured as error:
            raise Unmeasured(f"guard {guard.name} has no baseline: {error}") from None
        if value <= 0:
            raise Unmeasured(f"guard {guard.name} has {value:g} for a baseline; give it max or min instead of a ratio")
        baseline[guard.name] = value
    return baseline


def judge(guard: Guard, baseline: Mapping[str, float]) -> str:
    """Why the guard says no, for a person; empty where it does not."""
    try:
        value = measure(guard)
    except Unmeasured as error:
        return f"guard {guard.name} cannot be measured: {error}"
    return next(filter(None, _beyond(guard, value, baseline.get(guard.name, 0.0))), "")


def _beyond(guard: Guard, value: float, before: float) -> Iterator[str]:
    """A sentence for each threshold, empty where it is kept; ``before`` is the baseline of one with a ratio."""
    head = f"guard {guard.name}: {value:.4g} is"
    was = f"what it was before the start, {before:.4g}"
    if guard.max is not None:
        yield f"{head} above {guard.max:g}" if value > guard.max else ""
    if guard.min is not None:
        yield f"{head} below {guard.min:g}" if value < guard.min else ""
    if guard.max_ratio is not None:
        yield f"{head} above {guard.max_ratio:g} times {was}" if value > before * guard.max_ratio else ""
    if guard.min_ratio is not None:
        yield f"{head} below {guard.min_ratio:g} times {was}" if value < before * guard.min_ratio else ""
