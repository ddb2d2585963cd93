"""A file that a deploy system writes: JSON, and fresh, for one that nobody writes any more says nothing of today."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.live.ages import ago
from zdmigrate.live.answers import read_answer
from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from pathlib import Path

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings
    from zdmigrate.live.sighting import Seen

AHEAD = 5.0  # seconds that a file's time may lie ahead: file systems of other machines have clocks of their own


@dataclass(frozen=True, slots=True)
class File:
    """``path`` is read at each look; it must have been written within ``max_age`` seconds."""

    path: Path
    max_age: float
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> list[Seen]:  # noqa: ARG002 - the protocol's
        try:
            age = time.time() - self.path.stat().st_mtime
            text = self.path.read_text("utf-8", "replace")
        except OSError as error:
            raise SourceSilent(f"{self.path}: {error.strerror}") from None
        if not -AHEAD <= age <= self.max_age:
            when = ago(age) if age > 0 else "in the future"
            raise SourceSilent(f"{self.path} was written {when}: whether that is so today, nobody knows")
        return read_answer(text, str(self.path))


def make(settings: Settings) -> File:
    """``path``, and ``max_age``, which is ``gate.heartbeat_ttl`` unless the table says otherwise."""
    return File(settings.path("path"), settings.seconds("max_age", settings.config.gate.heartbeat_ttl.seconds))
