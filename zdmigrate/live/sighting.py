"""What a source of live versions tells: which instance of which version, since when, and when last."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from zdmigrate.errors import NotYet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from zdmigrate.ledger.connection import Connection

UNKNOWN_VERSION = "?"  # of an instance whose version its source cannot tell: no release is called so, and it is old


class Presence(StrEnum):
    """Whether an instance runs, as far as its source can know."""

    LIVE = "live"
    LEFT = "left"  # it said goodbye, or someone who knows says that it is gone
    LOST = "lost"  # it fell silent, and its source's silence does not mean absence


class Sighting(NamedTuple):
    """One instance as one source last saw it. Clocks are the database's.

    ``age`` is seconds since ``last_seen``, or since a source that looks now and then found it absent first.
    """

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
    running: bool = True  # False: it does not run, and could start
    weight: float | None = None  # its share of the traffic, 0 to 1, where the source knows it
    note: str | None = None  # what the source says of it


class SourceSilent(NotYet):
    """A source does not answer: what it knows is not known, and the gate stays shut. Its text says which and why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, state="nothing was changed", hint="run the same command again once it answers")


class Seen(NamedTuple):
    """One instance as a source tells it. When, the database says: a source's own clock is never asked."""

    version: str
    instance: str
    running: bool = True
    weight: float | None = None
    note: str | None = None
    memory: tuple[str, ...] = ()  # what the source wants to find again at its next look


class Source(Protocol):
    """Something that knows which versions of one app are live now: one file each in ``live/sources/``."""

    silence_means_absence: bool  # whether an instance that it does not list is gone, and not merely quiet

    def look(self, connection: Connection) -> Iterable[Seen]:
        """Every instance that runs now, or could start. Raises SourceSilent.

        It may take as long as it likes: whoever asks waits for its time limit only. ``connection`` is the ledger's,
        for single statements; other threads use it, too.
        """
        ...


class ConfiguredSource(NamedTuple):
    """A ``[[live]]`` table: the source, what it is called, and the app whose instances it tells."""

    name: str
    app: str
    source: Source
    time_limit: float  # seconds
    silence_means_absence: bool
    settings: str  # a hash of the table: what was seen by other settings answers another question
