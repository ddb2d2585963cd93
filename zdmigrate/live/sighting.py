"""What a source of live versions tells: which instance of which version, since when, and when last."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from zdmigrate.errors import NotYet

if TYPE_CHECKING:
    from datetime import datetime

    from zdmigrate.ledger.connection import Connection


class Presence(StrEnum):
    """Whether an instance runs, as far as its source can know."""

    LIVE = "live"
    LEFT = "left"  # it said goodbye, or someone who knows says that it is gone
    LOST = "lost"  # it fell silent, and its source's silence does not mean absence


class Sighting(NamedTuple):
    """One instance as one source last saw it. Clocks are the database's; ``age`` is seconds since ``last_seen``."""

    app: str
    version: str
    instance: str
    source: str
    first_seen: datetime
    last_seen: datetime
    age: float
    state: Presence
    silence_means_absence: bool
    why: str | None = None  # why it left


class SourceSilent(NotYet):
    """A source does not answer: what it knows is not known, and the gate stays shut. Its text says which and why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, state="nothing was changed", hint="run the same command again once it answers")


class Source(Protocol):
    """Something that knows which versions are live. Heartbeats are one; what enumerates pods is another."""

    name: str

    def look(self, connection: Connection, app: str) -> list[Sighting]:
        """The instances of ``app`` that may still matter to a gate. Raises SourceSilent."""
        ...
