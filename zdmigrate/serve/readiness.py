"""``/readyz``: whether a release may serve, by the last answer that the database gave."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.ledger.ledger import one
from zdmigrate.serve.remembered import Remembered

if TYPE_CHECKING:
    from zdmigrate.serve.session import Session

FRESH = 1.0  # seconds for which an answer is not asked for again: probes of a hundred instances are one question
PATIENCE = 0.03  # seconds: a probe waits no longer once there is an answer to remember
MOST = 256  # releases that are remembered at once
LONGEST = 300  # letters of a release's name


class Said(NamedTuple):
    """The status and the body of one answer; 200 is the only one that lets traffic in."""

    status: int
    text: str


class Readiness:
    """Answers for any release of one app."""

    def __init__(self, session: Session, app: str) -> None:
        self.session, self.app = session, app
        self._lock = threading.Lock()
        self._releases: dict[str, Remembered[str]] = {}

    def of(self, release: str) -> Said:
        """What a probe of this release is told."""
        answer = self._remembered(release).get()
        if answer.value is None:
            return Said(503, f"{self.app} {release}: cannot say, the database does not answer")
        old = f" (said {answer.age:.0f} s ago, the database does not answer)" if answer.error else ""
        return Said(200 if answer.value == "ready" else 503, f"{self.app} {release}: {answer.value}{old}")

    def _remembered(self, release: str) -> Remembered[str]:
        with self._lock:
            known = self._releases.pop(release, None)
            if known is None:
                known = Remembered(lambda: self._ask(release), fresh=FRESH, patience=PATIENCE)
                if len(self._releases) >= MOST:
                    del self._releases[self._dispensable()]
            self._releases[release] = known
            return known

    def _dispensable(self) -> str:
        """The release that nobody has asked about for longest; one that may serve only where all of them may.

        Whoever asks for invented names must not make it forget a real one, which an outage would then take out.
        """
        return next(
            (name for name, known in self._releases.items() if known.last != "ready"), next(iter(self._releases))
        )

    def _ask(self, release: str) -> str:
        query = "SELECT zdmigrate.ready(%s, %s)"
        return self.session.ask(lambda connection: str(one(connection, query, [self.app, release])[0]))
