"""Rows that a backfill could not fill and left aside: written down by key, counted out, tried again once mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql

from zdmigrate.plan.step import LINES
from zdmigrate.run.backfills.leaves import leaves
from zdmigrate.run.refused_row import BLAMED, key_columns
from zdmigrate.run.relations import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.session import Session

SHOWN = 5  # rows that are told of at once
MOST = 1_000  # rows: where more cannot be filled, the statement is wrong and not the rows
_KEY = "app = %(app)s AND change = %(change)s AND position = %(position)s"


class Aside(NamedTuple):
    """A row that was left aside: its key's columns and values, and what the server said."""

    position: int
    columns: list[str]
    key: list[str]
    error: str

    def __str__(self) -> str:
        return f"({', '.join(self.columns)})=({', '.join(self.key)}): {self.error}"


def left_aside(connection: Connection, app: str, change: str) -> list[Aside]:
    """The rows of a change's backfills that are left aside."""
    query = (
        "SELECT position, columns, key, error FROM zdmigrate.quarantine WHERE app = %s AND change = %s"
        " ORDER BY position, since"
    )
    return [Aside(*row) for row in connection.execute(query, [app, change])]


def told_aside(rows: Sequence[Aside]) -> str:
    """That they are left aside, with the first of them and why."""
    shown = "; ".join(map(str, rows[:SHOWN])) + ("; …" if len(rows) > SHOWN else "")
    many = "1 row could not be filled and is" if len(rows) == 1 else f"{len(rows)} rows could not be filled and are"
    return f"{many} left aside: {shown}; mend or delete what is wrong: the next apply tries again"


def rows_aside(connection: Connection, app: str) -> dict[str, int]:
    """How many are, by change; only changes that have any."""
    query = "SELECT change, count(*) FROM zdmigrate.quarantine WHERE app = %s GROUP BY change ORDER BY change"
    return dict(connection.execute(query, [app]).fetchall())


class Quarantine:
    """The rows of one backfill that are left aside."""

    def __init__(self, plan: Plan, step: Step, backfill: Backfill) -> None:
        self.step = step
        self.backfill = backfill
        self.key = {"app": plan.app, "change": plan.change, "position": step.position}

    def take(self, session: Session, leaf: str | None, place: int, error: psycopg.Error) -> str:
        """Write down the row at a place; why that cannot be, or an empty text."""
        connection, table = session.connection, leaf or quoted(self.backfill.table)
        columns = key_columns(connection, quoted(self.backfill.table))
        if columns is None:
            return f"a row of {self.backfill.table} cannot be left aside: the table has no key to find it by"
        tid = f"({place // LINES},{place % LINES})"
        values = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
        query = sql.SQL("SELECT ARRAY[{}] FROM {} WHERE ctid = {}::tid").format(values, sql.SQL(table), tid)
        write = f"""
            INSERT INTO zdmigrate.quarantine (app, change, position, columns, key, error)
            SELECT %(app)s, %(change)s, %(position)s, %(columns)s, %(key)s, %(error)s
            WHERE (SELECT count(*) FROM zdmigrate.quarantine WHERE {_KEY}) < {MOST}
            ON CONFLICT (app, change, position, key) DO UPDATE SET error = excluded.error RETURNING 1
        """
        with connection.transaction():
            session.lease.guard(connection)
            row = connection.execute(query.as_bytes(connection)).fetchone()
            values_now: dict[str, Any] = {"columns": columns, "key": row[0] if row else None, "error": _told(error)}
            if row is None or connection.execute(write.encode(), {**self.key, **values_now}).fetchone():
                return ""
        return f"more than {MOST} rows of {self.backfill.table} cannot be filled: is the statement right?"

    def remaining(self, connection: Connection) -> str | None:
        """The statement that counts the rows that are not right yet, without those that are left aside.

        CASE, because only it promises that the condition, which such a row fails in, is not computed for it.
        """
        backfill = self.backfill
        row = connection.execute(f"SELECT columns FROM zdmigrate.quarantine WHERE {_KEY} LIMIT 1", self.key).fetchone()
        if row is None or backfill.condition is None:
            return backfill.remaining
        key = ", ".join(f"{backfill.alias}.{_quoted(name)}::text" for name in row[0])
        aside = sql.SQL(
            "SELECT q.key FROM zdmigrate.quarantine AS q"
            " WHERE q.app = {app} AND q.change = {change} AND q.position = {position}"
        ).format(**{name: sql.Literal(value) for name, value in self.key.items()})
        return (
            f"SELECT pg_catalog.count(*) FROM {backfill.source}\n"
            f"WHERE CASE WHEN ARRAY[{key}] IN ({aside.as_string(connection)}) THEN false ELSE {backfill.condition}\nEND"
        )

    def rows(self, connection: Connection) -> list[Aside]:
        """Those of this backfill."""
        rows = left_aside(connection, str(self.key["app"]), str(self.key["change"]))
        return [each for each in rows if each.position == self.key["position"]]

    def retry(self, session: Session) -> list[Aside]:
        """Fill the rows that were mended, forget those that are gone; those that are left."""
        connection = session.connection
        with session.settings(self.step):
            names = {leaf.oid: leaf.name for leaf in leaves(connection, self.backfill)}
            return [each for each in self.rows(connection) if not self._mended(session, each, names)]

    def _mended(self, session: Session, row: Aside, names: dict[int, str | None]) -> bool:
        """Whether it could be filled by now, or is no more."""
        connection = session.connection
        forget = f"DELETE FROM zdmigrate.quarantine WHERE {_KEY} AND key = %(key)s"
        try:
            with connection.transaction():
                session.lease.guard(connection)
                session.limit(session.limits.budget, lock=session.limits.budget)
                for relation, block, line in connection.execute(self._find(connection, row), row.key).fetchall():
                    place = block * LINES + line
                    fill = self.backfill.rows_sql(place, place + 1, names.get(relation))
                    connection.execute(fill.encode())
                connection.execute(forget.encode(), {**self.key, "key": row.key})
        except BLAMED as error:
            kept = f"UPDATE zdmigrate.quarantine SET error = %(error)s WHERE {_KEY} AND key = %(key)s"
            connection.execute(kept.encode(), {**self.key, "key": row.key, "error": _told(error)})
            return False
        return True

    def _find(self, connection: Connection, row: Aside) -> bytes:
        """The row by its key, wherever in the tree it is by now, locked so that it stays there."""
        same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in row.columns)
        query = sql.SQL(
            "SELECT tableoid::bigint, (ctid::text::point)[0]::bigint, (ctid::text::point)[1]::bigint"
            " FROM {} WHERE {} FOR NO KEY UPDATE"
        )
        return query.format(sql.SQL(quoted(self.backfill.table)), same).as_bytes(connection)


def _told(error: psycopg.Error) -> str:
    return f"{error.diag.message_primary or error} ({error.sqlstate})"


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
