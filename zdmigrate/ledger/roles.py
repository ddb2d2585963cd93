"""The three roles of docs/privileges.md: who changes the schema, who beats, who looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import sql

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection

# psycopg.sql fills {owner}, {app}, {reader} and {database} in, quoted.
_FOR_APP = """
GRANT USAGE ON SCHEMA zdmigrate TO {app};
GRANT EXECUTE ON FUNCTION zdmigrate.beat(text, text, text), zdmigrate.goodbye(text, text, text),
    zdmigrate.ready(text, text) TO {app};
"""
_FOR_READER = """
GRANT USAGE ON SCHEMA zdmigrate TO {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA zdmigrate TO {reader};
GRANT EXECUTE ON FUNCTION zdmigrate.is_old_for(text, text, text), zdmigrate.is_retired(text, text),
    zdmigrate.ready(text, text) TO {reader};
ALTER DEFAULT PRIVILEGES IN SCHEMA zdmigrate GRANT SELECT ON TABLES TO {reader};
"""


class Roles(NamedTuple):
    """The names of an app's three roles."""

    owner: str
    app: str
    reader: str

    @classmethod
    def of(cls, app: str) -> Roles:
        return cls(f"{app}_owner", f"{app}_app", f"{app}_reader")


def create_with_roles(connection: Connection, app: str) -> Roles:
    """Create the roles that are missing, the ledger as its owner, and give each role what it needs, or nothing of it.

    None has a password; those that were there keep what they have. Raises DatabaseError where this role may not.
    """
    roles = Roles.of(app)
    try:
        with connection.transaction():
            _create(connection, roles)
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(roles.owner)))
            create_ledger(connection)
            _run(connection, _FOR_APP + _FOR_READER, roles)
            connection.execute(
                "INSERT INTO zdmigrate.speaker (app, role) VALUES (%s, %s) ON CONFLICT DO NOTHING", [app, roles.app]
            )
            record(connection, "roles", app=app, roles=list(roles))
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"the role {connection.info.user} may not set up these roles: {error.diag.message_primary}",
            state="nothing was changed",
            hint="run it as a superuser, or as the owner of the database and of its ledger with CREATEROLE",
        ) from None
    return roles


def _create(connection: Connection, roles: Roles) -> None:
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_catalog.pg_roles")}
    for role in roles:
        if role not in there:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    _run(connection, "GRANT CREATE ON DATABASE {database} TO {owner}", roles)
    [(member,)] = connection.execute("SELECT pg_catalog.pg_has_role(%s, 'MEMBER')", [roles.owner]).fetchall()
    if not member:
        _run(connection, "GRANT {owner} TO CURRENT_USER", roles)


def _run(connection: Connection, statements: str, roles: Roles) -> None:
    named = {key: sql.Identifier(name) for key, name in roles._asdict().items()}
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL(statements).format(**named, database=database))
