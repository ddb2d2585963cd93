"""A database as pg_dump prints it, and its rows, so that two can be compared."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from psycopg import sql

from tests.servers.majors import binaries_of

if TYPE_CHECKING:
    from tests.servers.database import Database

# 18 gives NOT NULL a name, and keeps it where the column gets another; copies get the name that a new one gets.
_GENERATED = re.compile(r'CONSTRAINT ("(?:[^"]|"")*_not_null\d*"|\w+_not_null\d*) NOT NULL')


_STATISTICS = re.compile(r"(?s)(?<= ON ).*(?= FROM )")


def _in_order(listed: re.Match[str]) -> str:
    return ", ".join(sorted(listed.group().split(", ")))


def dumped(database: Database) -> str:
    """The schema as pg_dump prints it, without the ledger and what differs between two runs of pg_dump."""
    binaries = binaries_of(18)  # a newer pg_dump reads an older server
    command = [binaries.program("pg_dump"), "--schema-only", "--exclude-schema=zdmigrate", database.dsn]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | binaries.environment())
    assert ran.returncode == 0, ran.stderr
    lines = [
        line for line in ran.stdout.splitlines() if line and not line.startswith(("--", "\\", "SET ", "SELECT pg"))
    ]
    return "\n".join(lines)


def ordered(dump: str) -> str:
    """The dump with a table's columns, and statements, in the alphabet's order: an added column is a table's last."""
    statements = [_GENERATED.sub("NOT NULL", each.strip()) for each in dump.removesuffix(";").split(";\n")]
    statements = [
        _STATISTICS.sub(_in_order, each) if each.startswith("CREATE STATISTICS") else each for each in statements
    ]
    return ";\n".join(sorted(map(_table, statements)))


def _table(statement: str) -> str:
    head, *lines = statement.split("\n")
    if not head.startswith("CREATE TABLE"):
        return statement
    return "\n".join([head, *sorted(line.rstrip(",") for line in lines)])


def rows(database: Database, besides: str = "") -> str:
    """Every row of every table, its columns by name and the rows in a fixed order; ``besides`` is a column left out."""
    with database.connect() as connection:
        tables = connection.execute(
            'SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C")'
            " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdmigrate')"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        told = []
        for schema, name, columns in tables:
            columns = [column for column in columns if f"{name}.{column}" != besides]
            row = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
            query = sql.SQL("SELECT ROW({})::text FROM {} ORDER BY 1").format(row, sql.Identifier(schema, name))
            told += [f"{schema}.{name} {columns}", *(line for (line,) in connection.execute(query))]
        return "\n".join(told)
