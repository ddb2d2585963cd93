"""One connection of one app version: it reads and writes with that version's SQL, and keeps account of it."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

import psycopg

from zdmigrate.demo.record import GONE, Record
from zdmigrate.demo.shop import SHARED
from zdmigrate.demo.versions import AppVersion, Queries

if TYPE_CHECKING:
    from zdmigrate.demo.record import Name
    from zdmigrate.demo.shop import Users

SLOTS = 16  # so many connections can share the users out among themselves
# Seconds between two queries. Without it, a handful of connections fill two cores and what is measured is the
# machine's scheduler; with it, each still writes some hundred times a second.
PAUSE = 0.002


class Worker(threading.Thread):
    """Does one thing after another, by chance, until ``stop``.

    Threads suffice: a connection waits for the server nearly all the time, and psycopg lets the others run then.
    """

    def __init__(self, dsn: str, version: AppVersion, slot: int, users: Users) -> None:
        super().__init__(name=f"shop {version.name} {slot}", daemon=True)
        self.dsn, self.version, self.slot, self.users = dsn, version, slot, users
        self.record = Record()
        self.queries = Queries(version)
        self.own = users.owned_by(slot, SLOTS)
        self.joined: list[str] = []
        self.numbers = 0
        self.chance = random.Random(slot)  # noqa: S311 - nothing secret hangs on it
        self.halt = threading.Event()
        self.left_well = False
        self.connection: psycopg.Connection[Any]

    def stop(self) -> None:
        """Finish what is begun, and no more; ``end`` waits for it."""
        self.halt.set()

    def end(self, seconds: float) -> None:
        """Wait so long for it to end. One that hangs, or died of a bug of ours, must not pass for one that worked."""
        if self.ident is None or self.left_well:
            return
        self.join(seconds)
        if not self.left_well and not self.record.failures:
            self.record.failures.append(f"{self.name} did not end well")

    def run(self) -> None:
        try:
            self.connection = psycopg.connect(self.dsn, autocommit=True, application_name=f"shop {self.version.name}")
        except psycopg.Error as error:
            self._failed(error)
            return
        with self.connection:
            while not self.halt.wait(PAUSE) and not self.connection.broken:
                self._do(self.chance.choices(ACTIONS, WEIGHTS)[0])
        self.left_well = True

    def _do(self, action: Any) -> None:
        try:
            action(self)
        except psycopg.Error as error:
            self._failed(error)

    def _failed(self, error: psycopg.Error) -> None:
        said = error.diag.message_primary or str(error)
        self.record.failures.append(f"{self.version.name}: {said} ({error.sqlstate or 'connection'})")
        if error.sqlstate:
            self.record.settled()

    def _query(self, text: bytes, *values: object) -> psycopg.Cursor[Any]:
        self.record.queries += 1
        return self.connection.execute(text, values)

    # ----------------------------------------------------------------- users that nobody else writes

    def read(self) -> None:
        email = self._somebody()
        row = self._query(self.queries.read, email).fetchone()
        self._expect(email, row[0] if row else GONE)

    def page(self) -> None:
        self._query(self.queries.page, self.chance.choice(self.own)).fetchall()

    def rename(self) -> None:
        email, name = self._somebody(), self._new_name()
        with self.record.writing({email: name}):
            self._query(self.queries.rename, name, email)

    def visit(self) -> None:
        """Neither name changes; the row may be filled by it all the same."""
        self._query(self.queries.visit, self._somebody())

    def join_shop(self) -> None:
        email, name = f"{self.version.name}-{self.slot}-{self.numbers}@new.example", self._new_name()
        with self.record.writing({email: name}):
            self._query(self.queries.join, email, name)
        self.joined.append(email)

    def leave_shop(self) -> None:
        if self.joined:
            email = self.joined.pop(self.chance.randrange(len(self.joined)))
            with self.record.writing({email: GONE}), self.connection.transaction():
                self._query(self.queries.cancel, email)
                self._query(self.queries.leave, email)

    def upsert(self) -> None:
        email, name = self._somebody(), self._new_name()
        with self.record.writing({email: name}):
            self._query(self.queries.upsert, email, name)

    def order(self) -> None:
        """Reads, then writes what hangs on it, in one transaction."""
        email, name = self._somebody(), self._new_name()
        with self.record.writing({email: name}), self.connection.transaction():
            number, before = self._query(self.queries.find, email).fetchone() or (None, GONE)
            self._expect(email, before)
            self._query(self.queries.rename, name, email)
            self._query(self.queries.order, number, self.chance.randrange(100))

    def swap(self) -> None:
        """Two users, the later one first: against the order in which a backfill goes through the table."""
        low, high = sorted(self.chance.sample(self.own, 2))
        names = {self.users.email(number): self._new_name() for number in (high, low)}
        with self.record.writing(names), self.connection.transaction():
            for email, name in names.items():
                self._query(self.queries.rename, name, email)

    # ----------------------------------------------------------------- users that everybody writes

    def count(self) -> None:
        """Raise a counter in ``visits`` and in the name at once. Under the row's lock both must show the same.

        If any version's write of the name had been lost on its way to the other name, they would not.
        """
        email = self._somebody_shared()
        with self.record.counting(email), self.connection.transaction():
            name, visits = self._query(self.queries.hold, email).fetchone() or (None, 0)
            if counter_of(name) != visits:
                self.record.misread[email] = f"{name!r} after {visits} writes"
            self._query(self.queries.count, f"{visits + 1}{self._signature}", visits + 1, email)

    def count_at_once(self) -> None:
        """The same in one statement: both versions upsert on one email at a time."""
        email = self._somebody_shared()
        with self.record.counting(email):
            self._query(self.queries.count_at_once, email, self._signature, self._signature)

    # ----------------------------------------------------------------- who, and how they are called

    @property
    def _signature(self) -> str:
        return f" by {self.version.name}"

    def _somebody(self) -> str:
        """A user of our own: often one that joined lately, else one of the first."""
        if self.joined and self.chance.random() < 0.3:
            return self.chance.choice(self.joined)
        return self.users.email(self.chance.choice(self.own))

    def _somebody_shared(self) -> str:
        return self.users.email(self.chance.randint(1, SHARED))

    def _new_name(self) -> str | None:
        self.numbers += 1
        return None if self.numbers % 20 == 0 else f"Zoë {self.version.name}-{self.slot} {self.numbers}"

    def _expect(self, email: str, found: Name) -> None:
        if email not in self.record.names:
            return
        if found != self.record.names[email]:
            self.record.misread[email] = f"{found!r} instead of {self.record.names[email]!r}"


ACTIONS = (
    Worker.read, Worker.page, Worker.rename, Worker.visit, Worker.join_shop, Worker.leave_shop, Worker.upsert,
    Worker.order, Worker.swap, Worker.count, Worker.count_at_once,
)  # fmt: skip
WEIGHTS = (30, 8, 14, 6, 8, 5, 9, 6, 4, 6, 4)


def counter_of(name: str | None) -> int | None:
    """What a shared user's name begins with."""
    number = (name or "").partition(" ")[0]
    return int(number) if number.isdecimal() else None
