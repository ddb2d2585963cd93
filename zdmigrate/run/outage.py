"""A connection that was lost in the middle of a phase: the same server is waited for, and the phase resumed.

What is done again is what the same command would do if a person ran it once more: each step's row in the ledger says
whether it was done, and the lease is taken anew, which nobody gets while a connection of before is left. So no step
needs to know of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg

from zdmigrate.errors import DatabaseError, StepFailed
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import one, system_identifier, timeline
from zdmigrate.run.lease import lost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.lease import Lease
    from zdmigrate.run.session import Limits
    from zdmigrate.run.target import Target

SHORTEST, LONGEST = 0.2, 2.0  # seconds between two tries to connect


class ConnectionLost(StepFailed):
    """The server, or the way to it, is gone; what the step did is known when it is asked again.

    ``ended``: the server said that it was told to end this connection.
    """

    def __init__(self, sentence: str, *, state: str = "", hint: str = "", cause: Exception | None = None) -> None:
        super().__init__(sentence, state=state, hint=hint)
        self.ended = isinstance(cause, psycopg.errors.AdminShutdown)


class Server(NamedTuple):
    """Which server it is, in which of its histories, and since when it runs."""

    identifier: str
    timeline: int
    started: str


class Outages:
    """What a phase has to know of an outage: the server that it began on, what it did there, under which leases."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.server: Server | None = None
        self.leases: dict[str, int] = {}  # tokens by name
        self.done: set[int] = set()  # positions of steps
        self.at_hand = -1  # the position of the step at hand
        self._last: tuple[int, float] | None = None  # the step of the last outage, and when it was over

    @property
    def limits(self) -> Limits:
        return self.target.limits

    @property
    def happened(self) -> bool:
        """Whether the phase goes on after one: a lease may be of a connection that the server still takes for ours."""
        return self._last is not None

    def works_under(self, connection: Connection, leases: Iterable[Lease]) -> None:
        """Steps are about to run over this connection, under these leases."""
        self.leases = {lease.name: lease.token for lease in leases}
        if self.server is None:
            self.server = _server(connection)

    def outlast(self, error: ConnectionLost) -> None:
        """Wait until the server that was lost answers again, and nobody has taken our place meanwhile.

        Raises ``error`` where it does not by the lock deadline, where another server answers, where somebody ended
        our connection on purpose, or where the same step has lost its connection a moment ago: it may be what the
        server dies of. Raises NotLocked where another runner has taken over the lease.
        """
        if self.server is None or self._again():
            raise error
        since = self.limits.clock()
        self.target.listener.note(
            f"{error.sentence}; trying to connect again for up to {self.limits.deadline:g} s, to go on from there"
        )
        with self._answering(error, since) as connection:
            self._recognise(connection, error)
        now = self.limits.clock()
        self._last = (self.at_hand, now)
        self.target.listener.note(f"the server answers again after {now - since:.0f} s: going on by the ledger")

    def _again(self) -> bool:
        if self._last is None:
            return False
        step, over = self._last
        return step == self.at_hand and self.limits.clock() - over < self.limits.deadline

    def _answering(self, error: ConnectionLost, since: float) -> Connection:
        pause = SHORTEST
        while True:
            try:
                return _primary(self.target.dsn)
            except (DatabaseError, psycopg.Error):
                if self.limits.clock() - since + pause > self.limits.deadline:
                    raise error from None
            self.limits.sleep(pause)
            pause = min(pause * 1.5, LONGEST)

    def _recognise(self, connection: Connection, error: ConnectionLost) -> None:
        now, before = _server(connection), self.server
        assert before is not None
        if (now.identifier, now.timeline) != (before.identifier, before.timeline):
            raise ConnectionLost(
                f"{error.sentence}; and another server answers in its place: {_difference(before, now)}",
                state=f"{error.state}, on the server that was there; this one may not have got all of it",
                hint="make sure that it is the one you mean, then run the same command again: its ledger is believed",
            )
        self._refuse_taken_over(connection)
        if now == before and error.ended:
            raise error  # by pg_terminate_backend: whoever did that does not want us back

    def _refuse_taken_over(self, connection: Connection) -> None:
        query = "SELECT 1 FROM zdmigrate.lease WHERE name = %s AND token = %s"
        for name, token in self.leases.items():
            if connection.execute(query, [name, token]).fetchone() is None:
                raise lost(name)


def tells_an_outage(error: Exception) -> bool:
    """Whether no connection was to be had, or one was lost; and not that the server refused a statement."""
    shut = psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown, psycopg.errors.CannotConnectNow
    return not isinstance(error, psycopg.Error) or error.sqlstate is None or isinstance(error, shut)


def _primary(dsn: str) -> Connection:
    """A connection to a server that can be written to. Raises DatabaseError where there is none."""
    connection = connect(dsn, purpose="reconnect")
    try:
        if one(connection, "SELECT pg_catalog.pg_is_in_recovery()")[0]:
            raise DatabaseError("the server is in recovery")
    except BaseException:
        connection.close()
        raise
    return connection


def _server(connection: Connection) -> Server:
    (started,) = one(connection, "SELECT pg_catalog.pg_postmaster_start_time()::text")
    return Server(system_identifier(connection), timeline(connection), started)


def _difference(before: Server, now: Server) -> str:
    if now.identifier != before.identifier:
        return f"its system identifier is {now.identifier}, and was {before.identifier}"
    return f"a standby that was promoted, or a restored backup (timeline {before.timeline}, now {now.timeline})"
