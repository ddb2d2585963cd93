"""Watching an app's health for as long as a rollout takes: the first no ends it, or holds it until all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zdmigrate.guards.watch import GuardWatch

EVERY = 0.2  # seconds between looks at what the guards' threads have heard


class Health(NamedTuple):
    """What a vigil came to. ``breaches`` are the guards' words, none where the app was well for the whole time."""

    app: str
    release: str
    breaches: tuple[str, ...]
    seconds: float  # how long it was watched
    action: str
    baseline: Mapping[str, float]
    final: bool = True  # False where it is watched on, so that the verdict may change

    @property
    def well(self) -> bool:
        return not self.breaches

    def to_json(self) -> dict[str, Any]:
        """As ``guard --format json`` prints it, and as the webhook gets it."""
        told = {**self._asdict(), "breaches": list(self.breaches), "seconds": round(self.seconds, 3)}
        return {"version": 1, "verdict": "well" if self.well else "unwell", **told}


class Vigil:
    """Looks at a watch again and again, by a clock and a sleep that a test can hold."""

    def __init__(self, watch: GuardWatch, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.watch, self.clock, self.sleep = watch, clock, sleep

    def while_(self, going_on: Callable[[], bool]) -> list[str]:
        """What guards say at their first no, or none once it goes on no longer."""
        while not (breaches := self.watch.breaches()) and going_on():
            self.sleep(EVERY)
        return breaches

    def during(self, seconds: float) -> list[str]:
        """The same for so many seconds."""
        end = self.clock() + seconds
        return self.while_(lambda: self.clock() < end)

    def until_well(self, patience: float) -> bool:
        """Whether every guard is well again within so many seconds."""
        end = self.clock() + patience
        while self.watch.breaches():
            if self.clock() >= end:
                return False
            self.sleep(EVERY)
        return True
