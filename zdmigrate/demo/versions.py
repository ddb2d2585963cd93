"""The two versions of the shop's application: the same queries, by the old and by the new name of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from typing import LiteralString


@dataclass(frozen=True, slots=True)
class AppVersion:
    """A deployed build, known by the column in which it looks for a user's name."""

    name: str
    column: str

    def query(self, text: LiteralString) -> bytes:
        """``text`` with {name} as this version calls it; made once, so that each use costs nothing."""
        return sql.SQL(text).format(name=sql.Identifier(self.column)).as_bytes(None)


V1 = AppVersion("v1", "name")
V2 = AppVersion("v2", "full_name")


class Queries:
    """All SQL of one version. Columns are always listed: docs/limits.md says what ``SELECT *`` is in for."""

    def __init__(self, version: AppVersion) -> None:
        query = version.query
        self.read = query("SELECT {name}, visits FROM users WHERE email = %s")
        self.page = query("SELECT id, email, {name} FROM users WHERE id > %s ORDER BY id LIMIT 20")
        self.rename = query("UPDATE users SET {name} = %s WHERE email = %s")
        self.visit = query("UPDATE users SET visits = visits + 1 WHERE email = %s")
        self.join = query("INSERT INTO users (email, {name}) VALUES (%s, %s)")
        self.cancel = query("DELETE FROM orders USING users WHERE users.email = %s AND orders.user_id = users.id")
        self.leave = query("DELETE FROM users WHERE email = %s")
        self.upsert = query(
            "INSERT INTO users (email, {name}) VALUES (%s, %s)"
            " ON CONFLICT (email) DO UPDATE SET {name} = excluded.{name}"
        )
        self.order = query("INSERT INTO orders (user_id, total) VALUES (%s, %s)")
        self.find = query("SELECT id, {name} FROM users WHERE email = %s")
        self.hold = query("SELECT {name}, visits FROM users WHERE email = %s FOR UPDATE")
        self.count = query("UPDATE users SET {name} = %s, visits = %s WHERE email = %s")
        self.count_at_once = query(
            "INSERT INTO users (email, {name}) VALUES (%s, %s) ON CONFLICT (email) DO UPDATE"
            " SET {name} = (users.visits + 1) || %s, visits = users.visits + 1"
        )
