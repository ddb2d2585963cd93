"""Locks of plain ``alembic upgrade``, by look, then ask: a query of the app waits no longer than the lock budget.

Alembic sends its statements itself, one after the other in its own transaction. What is done here is done before each:
its locks are worked out, whoever holds one that is in the way is waited for without asking, and then all of them are
asked for from a savepoint. From the first lock on that stops somebody, the transaction has the lock budget for the
rest, and is ended by the server where that is not enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.util import CommandError
from psycopg.errors import LockNotAvailable
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from zdmigrate.alembic.half import Half, invalid_index
from zdmigrate.plan.touched import strongest
from zdmigrate.run.catalog import live_catalog
from zdmigrate.run.look import Watch
from zdmigrate.run.patience import Patience
from zdmigrate.run.relations import find_relations
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.walk import analyse
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.engine import Connection, ExceptionContext

    from zdmigrate.ledger.connection import Connection as Watcher
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.relations import Relations
    from zdmigrate.run.session import Limits

_DDL = ("alter", "create", "drop", "truncate", "comment", "lock", "refresh", "reindex", "cluster")
_TRY = "zdmigrate_try"
_CANCELED, _NOT_AVAILABLE, _DEADLOCK = "57014", "55P03", "40P01"


class Asking:
    """Listens to what ``connection`` sends; ``watcher`` is another one to the same database, to look with."""

    def __init__(self, connection: Connection, watcher: Watcher, limits: Limits) -> None:
        self.connection, self.watcher, self.limits = connection, watcher, limits
        self.pid = int(connection.exec_driver_sql("SELECT pg_catalog.pg_backend_pid()").scalar_one())
        self.transaction: object = None  # in which others wait for us since
        self.since = 0.0
        self.is_ours = False
        self.half = Half("", None)
        event.listen(connection, "before_cursor_execute", self.before)
        event.listen(connection, "commit", self.committed)
        event.listen(connection.engine, "handle_error", self.failed)

    def close(self) -> None:
        event.remove(self.connection, "before_cursor_execute", self.before)
        event.remove(self.connection, "commit", self.committed)
        event.remove(self.connection.engine, "handle_error", self.failed)

    def begins(self, half: Half) -> None:
        """What is sent from here on is this revision's."""
        self.half = half

    def committed(self, _: Connection) -> None:
        """Called by SQLAlchemy where ``autocommit_block()`` begins, and at a revision's end."""
        self.half.is_committed = self.half.has_sent

    def before(self, _: Connection, __: Any, statement: str, *___: Any) -> None:
        """Called by SQLAlchemy before a statement is sent. Raises CommandError where its locks are not to be had."""
        if self.is_ours or not self.connection.in_transaction():
            return
        self.is_ours = True
        try:
            if self.connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
                self._clear(statement)  # and no lock of it would be kept
                self.half.is_committed = self.half.has_sent
                return
            relations = self._relations(statement) if statement.lstrip().lower().startswith(_DDL) else None
            if relations is not None and relations.blocks:
                self._ask(relations, statement)
            elif self.holds:
                self._bound(statement)
        except CommandError as error:
            raise self.half.told(error) from None
        finally:
            self.is_ours = False
            self.half.has_sent = True

    def failed(self, context: ExceptionContext) -> Exception | None:
        """Called by SQLAlchemy with an error of the server's: one that we have caused says what it means."""
        error = context.sqlalchemy_exception
        if self.is_ours or not isinstance(error, DBAPIError):
            return None
        if sqlstate(error) == _CANCELED and self.holds:
            return self.half.told(_too_long(context.statement or "", self.limits.budget))
        return self.half.failed(str(error.orig).strip(), sqlstate(error), _first(context.statement or ""))

    @property
    def holds(self) -> bool:
        """Whether this transaction has a lock that somebody may wait for."""
        return self.transaction is not None and self.transaction is self.connection.get_transaction()

    def _clear(self, statement: str) -> None:
        """Drop what an interrupted CREATE INDEX CONCURRENTLY of the same name has left: it would be in the way."""
        if (name := invalid_index(self.watcher, statement)) is not None:
            self._say(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def _relations(self, statement: str) -> Relations:
        change = read_change("alembic.sql", statement)
        try:
            catalog = live_catalog(self.watcher, change)
        except LockNotAvailable:  # a table that this very transaction has altered
            catalog = Catalog()
        major = self.watcher.info.server_version // 10000
        found = analyse([("", each) for each in change.script.statements], catalog, major)
        return find_relations(self.watcher, strongest(found))

    def _ask(self, relations: Relations, statement: str) -> None:
        """Return with the locks held. Raises CommandError after the deadline, or when the budget is spent."""
        watch = Watch(self.watcher, relations.modes, [self.pid], self.limits.clock, lambda blockers: blockers)
        began = self.limits.clock()
        patience = Patience(self.limits.budget, began)
        while True:
            left = self._left(began, watch, statement)
            if patience.too_old(list(watch.look().values())):
                self.limits.sleep(min(patience.wait(self.limits.clock()), left))
            elif self._got(relations, min(patience.seconds, left)):
                break
            else:
                self.limits.sleep(min(patience.failed(self.limits.clock()), left))
        if not self.holds:
            self.transaction, self.since = self.connection.get_transaction(), self.limits.clock()
        self._bound(statement)

    def _left(self, began: float, watch: Watch, statement: str) -> float:
        limit, start = (self.limits.budget, self.since) if self.holds else (self.limits.deadline, began)
        left = start + limit - self.limits.clock()
        if left <= 0:
            raise _given_up(statement, watch.details() if watch.look() else [], limit)
        return left

    def _got(self, relations: Relations, seconds: float) -> bool:
        """One try from a savepoint."""
        self._say(f"SAVEPOINT {_TRY}")
        self._say(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
        try:
            for lock in relations.lock_statements():
                self._say(lock.as_string(self.watcher))
        except DBAPIError as error:
            if sqlstate(error) not in (_CANCELED, _NOT_AVAILABLE, _DEADLOCK):
                raise
            self._say(f"ROLLBACK TO SAVEPOINT {_TRY}")
            return False
        self._say(f"RELEASE SAVEPOINT {_TRY}")
        return True

    def _bound(self, statement: str) -> None:
        """What is left of the budget is what the next statement has. Raises CommandError where that is nothing."""
        left = self.since + self.limits.budget - self.limits.clock()
        if left <= 0:
            raise _too_long(statement, self.limits.budget)
        self._say(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}")

    def _say(self, statement: str) -> None:
        self.connection.exec_driver_sql(statement)


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's code, as psycopg, psycopg2 and asyncpg have it."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)


def _given_up(statement: str, blockers: list[Blocker], seconds: float) -> CommandError:
    told = "".join(f"\n  - {blocker}" for blocker in blockers)
    return CommandError(
        f"zdmigrate: no lock for {_first(statement)} within {seconds:g} s"
        + (f"; in the way:{told}" if told else "")
        + "\nEnd what is in the way, or run this again."
    )


def _too_long(statement: str, budget: float) -> CommandError:
    return CommandError(
        f"zdmigrate: {_first(statement)} would make queries of the app wait for longer than {budget * 1000:.0f} ms, "
        "counted from the first lock of its revision\n"
        "zdmigrate lint says what to do instead."
    )


def _first(statement: str) -> str:
    return " ".join(statement.split())[:80]
