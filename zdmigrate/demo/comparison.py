"""The table in the end against what every connection was told is committed: what differs is a lost write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from zdmigrate.demo.record import GONE
from zdmigrate.demo.shop import SHARED
from zdmigrate.demo.worker import counter_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from zdmigrate.demo.record import Name, Record
    from zdmigrate.demo.shop import Users
    from zdmigrate.demo.versions import AppVersion

    Rows = Mapping[str, tuple[str | None, int]]  # name and visits by email


def read_rows(dsn: str, version: AppVersion) -> Rows:
    """All users, in one snapshot, by the name that ``version`` knows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(version.query("SELECT email, {name}, visits FROM users"))
        return {email: (name, visits) for email, name, visits in rows}


def lost_writes(rows: Rows, users: Users, records: Sequence[Record]) -> dict[str, str]:
    """By email: what is not as it was written last, or was not while somebody read it."""
    lost = dict(_names(rows, users, records)) | dict(_counters(rows, users, records))
    for record in records:
        lost |= record.misread
    return lost


def _names(rows: Rows, users: Users, records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    expected: dict[str, Name] = {users.email(n): users.name(n) for n in range(SHARED + 1, users.count + 1)}
    doubtful: dict[str, Name] = {}
    for record in records:
        expected |= record.names
        doubtful |= record.doubtful_names
    shared = {users.email(number) for number in range(1, SHARED + 1)}
    for email in (expected.keys() | rows.keys() | doubtful.keys()) - shared:
        found = rows[email][0] if email in rows else GONE
        if found != expected.get(email, GONE) and found != doubtful.get(email, expected.get(email, GONE)):
            yield email, f"{_told(found)} instead of {_told(expected.get(email, GONE))}"


def _counters(rows: Rows, users: Users, records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    for email in map(users.email, range(1, SHARED + 1)):
        name, visits = rows.get(email, (None, -1))
        least = sum(record.counted[email] for record in records)
        most = least + sum(email in record.doubtful_counts for record in records)
        if not least <= visits <= most or counter_of(name) != visits:
            yield email, f"{_told(name)} and {visits} visits after {least} acknowledged writes"


def _told(name: Name) -> str:
    return "nobody" if name is GONE else repr(name)
