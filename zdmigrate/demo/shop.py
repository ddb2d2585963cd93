"""The shop before the change: its tables, its users, and the role that its application logs in with."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql

DATABASE = "shop"
ROLE = "shop"
SHARED = 12  # the first so many users are written by every connection of every version
# Every lock wait of the application's that is longer than this is in the server's log, to the microsecond. It is
# PostgreSQL's deadlock_timeout, so it must stay above the runner's row lock timeout (20 ms): whoever looks for a
# deadlock first is the one who loses it, and with the default (1 s) that is never the application.
LOGGED_FROM = 0.1  # seconds
LOG_SETTINGS = {"log_line_prefix": "%a|"}


@dataclass(frozen=True, slots=True)
class Users:
    """Who is there when the story begins: ``count`` users, their emails and names by number."""

    count: int

    def email(self, number: int) -> str:
        return f"user{number}@shop.example"

    def name(self, number: int) -> str:
        """The names of shared users begin with their counter, which is 0."""
        return "0 by nobody" if number <= SHARED else f"User {number}"

    def owned_by(self, slot: int, slots: int) -> range:
        """The users that one connection alone writes."""
        return range(SHARED + 1 + slot, self.count + 1, slots)


def text_of(name: str) -> str:
    """A file of ``sql/``, as it is in the wheel."""
    return (files("zdmigrate.demo") / "sql" / name).read_text(encoding="utf-8")


def build_shop(server_dsn: str) -> None:
    """An empty database for it."""
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def open_shop(dsn: str, users: Users) -> None:
    """Tables, users, and an ordinary role for the application. ``dsn`` is a superuser's."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(text_of("shop.sql").encode())
        connection.execute(
            "INSERT INTO users (email, name) SELECT 'user' || n || '@shop.example',"
            " CASE WHEN n <= %s THEN '0 by nobody' ELSE 'User ' || n END FROM generate_series(1, %s) AS n",
            [SHARED, users.count],
        )
        connection.execute("VACUUM ANALYZE")
        _add_role(connection)


def _add_role(connection: psycopg.Connection) -> None:
    role = sql.Identifier(ROLE)
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    connection.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON users, orders TO {}").format(role))
    connection.execute(sql.SQL("ALTER ROLE {} SET log_lock_waits = on").format(role))
    connection.execute(
        sql.SQL("ALTER ROLE {} SET deadlock_timeout = {}").format(role, sql.Literal(f"{LOGGED_FROM * 1000:.0f}ms"))
    )


def let_it_beat(dsn: str) -> None:
    """What the application's role needs of the ledger, and no more (zdmigrate/ledger/functions.sql)."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        role = sql.Identifier(ROLE)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA zdmigrate TO {}").format(role))
        connection.execute(
            sql.SQL(
                "GRANT EXECUTE ON FUNCTION zdmigrate.beat(text, text, text), zdmigrate.goodbye(text, text, text),"
                " zdmigrate.ready(text, text) TO {}"
            ).format(role)
        )
