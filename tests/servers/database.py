"""A server for tests, and the databases and roles that one test has to itself."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import conninfo, sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Connection = psycopg.Connection[tuple[Any, ...]]

numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """One test's database. ``dsn`` is a URL; its user is the server's superuser."""

    server: RunningServer
    name: str

    @property
    def dsn(self) -> str:
        return self.server.dsn(self.name)

    def dsn_as(self, user: str) -> str:
        return self.server.dsn(self.name, user)

    def connect(self, **options: Any) -> Connection:
        """An autocommit connection; ``options`` as for ``psycopg.connect`` (user=, application_name=, …)."""
        return psycopg.connect(self.dsn, **{"autocommit": True, **options})

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own; the rows, if it has any."""
        with self.connect() as connection:
            ran = connection.execute(statement.encode(), values or None)
            return ran.fetchall() if ran.description else []

    def create_role(self, name: str, *options: str) -> str:
        """A role that may log in, named after the database: it is dropped with it. ``options`` as CREATEDB."""
        role = f"{self.name}_{name}"
        self.server.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(sql.Identifier(role), words(options)))
        return role


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that databases can be made on, whoever runs it. What must be stopped or killed is ``own_server``."""

    admin: str
    major: int
    templates: dict[str, str] = field(default_factory=dict)

    def dsn(self, database: str, user: str | None = None) -> str:
        """A URL, which holds a password only when the server's own DSN did."""
        parts = conninfo.conninfo_to_dict(self.admin)
        return url({**parts, "dbname": database, **({"user": user} if user else {})})

    def execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[Database]:
        """A fresh database, dropped with its roles however the test left it."""
        made = Database(self, f"test_{os.getpid()}_{next(numbers)}")
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(made.name), sql.Identifier(template))
        )
        try:
            yield made
        finally:
            self.drop(made.name)

    def drop(self, name: str) -> None:
        """FORCE ends the connections that a failed test has left."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        with psycopg.connect(self.admin, autocommit=True) as connection:
            roles = connection.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [f"{name}_"])
            for (role,) in roles.fetchall():
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    def template(self, name: str, build: Callable[[Connection], object]) -> str:
        """A database that ``build`` fills once a session; the name to clone it by."""
        if name not in self.templates:
            template = f"template_{os.getpid()}_{name}"
            self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
            with psycopg.connect(self.dsn(template), autocommit=True) as connection:
                build(connection)
            self.templates[name] = template
        return self.templates[name]


def words(options: tuple[str, ...]) -> sql.Composed:
    """Role options are keywords, and keywords cannot be quoted."""
    assert all(option.isalpha() for option in options), options
    return sql.SQL(" ").join(sql.SQL(option) for option in options)


def url(parts: dict[str, Any]) -> str:
    """libpq's URL of connection parameters."""
    named = {"user", "password", "host", "port", "dbname"}
    rest = {key: value for key, value in parts.items() if key not in named}
    who = quote(str(parts.get("user", "postgres")), safe="")
    if "password" in parts:
        who += ":" + quote(str(parts["password"]), safe="")
    host, port, database = parts.get("host", ""), parts.get("port", ""), quote(str(parts["dbname"]), safe="")
    if str(host).startswith("/"):
        rest, host = {**rest, "host": host}, ""
    return f"postgresql://{who}@{host}:{port}/{database}" + (f"?{urlencode(rest)}" if rest else "")
