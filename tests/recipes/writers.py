"""Old and new version of an app that write every table all the while, and keep a journal of what they wrote.

A row becomes as another row is, but for its keys: such values keep every constraint, whatever the table. The rows
that are copied (``patterns``) are never written, so that the journal, replayed on a database that was left alone and
migrated naively afterwards, says what every row has to be in the end.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import psycopg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.versions import Column, Schema, Shared, Table
    from tests.servers.database import Connection, Database

PACE = 0.002  # seconds between two queries
ENOUGH = 60  # seconds in which any app has made its queries, or something is stuck
OLD, NEW = 0, 1
_INTEGERS = ("smallint", "integer", "bigint")
NUMBER = "\0"  # in an INSERT: a number of its own


class Written(NamedTuple):
    """A statement of the journal, as the old version would have made it, with its values."""

    sql: str
    values: tuple[str, ...]


class Copying(NamedTuple):
    """What one version says of one table; ``told`` how the old version says the same, for the journal."""

    shared: Shared
    table: Table
    told: Table
    known: tuple[int, ...]  # what this version writes
    columns: tuple[int, ...]  # the same, the fixed ones left out
    unread: bool  # an older value may become another at once: what is written is not what is read
    hidden: frozenset[str] = frozenset()  # rows that this version does not find

    def turn(self, turn: int) -> list[str]:
        """Every third row, without the one that every version writes."""
        return [row for row in self.shared.rows[turn::3] if row not in self.hidden and row not in self.both]

    @property
    def patterns(self) -> list[str]:
        """Rows that nobody writes."""
        return self.turn(2)

    @property
    def both(self) -> list[str]:
        """The row that every version writes."""
        return [row for row in self.shared.rows if row not in self.shared.gone][:1]

    def is_row(self, table: Table, of: str = "") -> str:
        """The condition that finds a row by its key's text, as the old version reads it: 6, not 6.00."""
        old, new = self.shared.before.columns[self.shared.key], table.columns[self.shared.key]
        cast = f"::{old.type}" if old.type in _INTEGERS and old.type != new.type else ""
        return f"{of}{new.name}{cast}::text = %s"

    def update(self, table: Table) -> str:
        names = _names(table, self.columns)
        source = f"(SELECT {names} FROM {table.name} AS pattern WHERE {self.is_row(table, 'pattern.')})"
        return f"UPDATE {table.name} SET ({names}) = {source} WHERE {self.is_row(table)}"

    def insert(self, table: Table, *, whole: bool) -> str:
        """A row like another, with keys of its own. Unless ``whole``, what has a default is left to it.

        As the old version tells it for the journal, it also has what the new one need not write any more.
        """
        shared = self.shared
        columns = {n: table.columns[n] for n in self.known if n in table.columns and not self._hides_null(n)}
        if table is not self.table:
            columns |= {n: column for n, column in table.columns.items() if column.must_be_written}
        kept = [number for number, column in columns.items() if whole or not self._is_default(number, column)]
        values = ", ".join(
            fresh(shared.before.columns[n], table.columns[n])
            if n in shared.fixed
            else f"pattern.{table.columns[n].name}"
            for n in kept
        )
        return (
            f"INSERT INTO {table.name} ({_names(table, kept)}) OVERRIDING SYSTEM VALUE SELECT {values}"
            f" FROM {table.name} AS pattern WHERE {self.is_row(table, 'pattern.')}"
        )

    def _hides_null(self, number: int) -> bool:
        """A NULL that the new version gives a copied column cannot be told from none where the old has a default.

        docs/limits.md says so; this version leaves such a column to its default.
        """
        old = self.shared.before.columns[number]
        return (
            self.table is not self.told
            and old.default is not None
            and not old.numbered
            and (number not in self.shared.fixed and old.name != self.table.columns[number].name)
            and old.default.partition("::")[0] == (self.table.columns[number].default or "").partition("::")[0]
        )

    def _is_default(self, number: int, column: Column) -> bool:
        before, after = self.shared.before.columns[number], self.shared.after
        same = after is None or (number in after.columns and after.columns[number].default == before.default)
        return same and before.default is not None and not column.numbered and number not in self.shared.fixed

    @property
    def can_insert(self) -> bool:
        """Every set of columns that is unique has one whose values can be made up."""
        shared = self.shared
        sets = {*shared.before.unique, *(shared.after.unique if shared.after else ()), (shared.key,)}
        known = [
            numbers for numbers in sets if shared.before.columns.keys() >= set(numbers)
        ]  # the others begin as NULL
        return all(any(self._can_be_fresh(number) for number in numbers) for numbers in known)

    def _can_be_fresh(self, number: int) -> bool:
        column = self.shared.before.columns.get(number)
        return (
            column is not None and number in self.table.columns and not column.refers and bool(_fresh_of(column.type))
        )


def _names(table: Table, numbers: Sequence[int]) -> str:
    return ", ".join(table.columns[number].name for number in numbers)


def _fresh_of(kind: str) -> str:
    """A value that no row has, from a row's own and a number (NUL stands for it)."""
    base, _, length = kind.partition("(")
    if base in ("integer", "bigint", "numeric"):
        return f"({{}}::numeric + 1000 * {NUMBER}::numeric)::{kind}"
    if base == "text" or (base == "character varying" and int(length.rstrip(")") or 99) > 15):
        return f"(left({{}}, 9) || '+' || {NUMBER})::{kind}"
    return f"md5({{}}::text || {NUMBER})::uuid" if base == "uuid" else ""


def fresh(before: Column, column: Column) -> str:
    """The same value for either version: made from the old one's type."""
    value, made = f"pattern.{column.name}", _fresh_of(before.type)
    if not made or before.refers:
        return value
    return f"{made.replace('{}', f'{value}::{before.type}')}::{column.type}"


class App:
    """A running version, one thread; it stops, and tells, at its first failure.

    It owns the rows of its ``turn``: every third row is the old version's, every third the new one's. The others are
    patterns, but the first, which both write; whoever is last to write it is known when it is stopped.
    """

    def __init__(self, database: Database, schema: Schema, tables: Sequence[Shared], which: int, unread: bool) -> None:
        self.database, self.schema, self.which = database, schema, which
        self.name = ("old", "new")[which]
        self.copies = [copy for shared in tables if (copy := _copying(shared, which, unread))]
        self.journal: list[Written] = []
        self.failures: list[str] = []
        self.queries = 0
        self._stop = threading.Event()
        self._chance = random.Random(self.name)  # the same queries in every run
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> App:
        self._thread.start()
        return self

    def works_on(self, queries: int = 40) -> None:
        until, deadline = self.queries + queries, time.monotonic() + ENOUGH
        while self.queries < until and self._thread.is_alive():
            assert time.monotonic() < deadline, f"the {self.name} version is stuck after {self.queries} queries"
            time.sleep(0.005)
        assert not self.failures, self.failures[0]

    def stop(self) -> None:
        self.end()
        assert not self.failures, self.failures[0]

    def end(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(ENOUGH)

    def writes_last(self, *, unknown: bool = False) -> None:
        """The row that both have written becomes known; with ``unknown`` only of tables that the new one has not."""
        with self.database.connect() as connection:
            for copy in self.copies if not unknown else [each for each in self.copies if each.shared.after is None]:
                self._become(connection, copy, copy.both, noted=True)

    def _run(self) -> None:
        with self.database.connect(application_name=f"app {self.name}", prepare_threshold=2) as connection:
            while not self._stop.is_set():
                statement = ""
                try:
                    statement = self._query(connection)
                except (psycopg.Error, AssertionError) as error:
                    self.failures.append(f"{self.name}: {type(error).__name__}: {error} {statement}")
                    return
                self.queries += 1
                time.sleep(PACE)

    def _query(self, connection: Connection) -> str:
        chance = self._chance
        view = chance.choice([*self.schema.views, ""])
        if view and chance.randrange(4) == 0:
            connection.execute(f"SELECT {', '.join(self.schema.views[view])} FROM {view} LIMIT 3".encode())
        if not self.copies:
            return ""
        copy = chance.choice(self.copies)
        match chance.randrange(8):
            case 0 if copy.can_insert:
                self._insert(connection, copy)
            case 1:
                self._touch(connection, copy)
            case 2 | 3:
                self._become(connection, copy, copy.both, noted=False)
            case _:
                own = copy.turn(self.which)
                self._become(connection, copy, [chance.choice(own)] if own else [], noted=True)
        return ""

    def _insert(self, connection: Connection, copy: Copying) -> None:
        pattern = self._chance.choice(copy.patterns or copy.both)
        whole = self._chance.random() < 0.5
        number = str(2 * len(self.journal) + self.which + 1)
        sql, told = (copy.insert(table, whole=whole).replace(NUMBER, number) for table in (copy.table, copy.told))
        self._execute(connection, sql, (pattern,))
        self.journal.append(Written(told, (pattern,)))

    def _touch(self, connection: Connection, copy: Copying) -> None:
        """Rows of all, changed by nothing."""
        key, is_row = copy.table.columns[copy.shared.key].name, copy.is_row(copy.table)
        seen = [row for row in copy.shared.rows if row not in copy.hidden]
        rows = self._chance.sample(seen, min(3, len(seen)))
        name = copy.table.columns[copy.columns[0]].name if copy.columns else key
        for row in rows:
            self._execute(connection, f"UPDATE {copy.table.name} SET {name} = {name} WHERE {is_row}", (row,))

    def _become(self, connection: Connection, copy: Copying, rows: Sequence[str], *, noted: bool) -> None:
        for row in rows if copy.columns else ():
            pattern = self._chance.choice(copy.patterns or [row])
            self._execute(connection, copy.update(copy.table), (pattern, row))
            if noted:
                self.journal.append(Written(copy.update(copy.told), (pattern, row)))
                self._is_as(connection, copy, row, pattern)

    def _is_as(self, connection: Connection, copy: Copying, row: str, pattern: str) -> None:
        if copy.unread:
            return
        table = copy.table
        whole = f"SELECT ROW({_names(table, copy.columns)})::text FROM {table.name} WHERE {copy.is_row(table)}"
        found, wanted = (connection.execute(whole.encode(), [each]).fetchone() for each in (row, pattern))
        assert found == wanted, f"{table.name} {row} lost the write of {pattern}: {found}, {wanted}"

    def _execute(self, connection: Connection, sql: str, values: tuple[str, ...]) -> None:
        ran = connection.execute(sql.encode(), values)
        assert ran.rowcount == 1, f"{ran.rowcount} rows by {sql} {values}"


def _copying(shared: Shared, which: int, unread: bool) -> Copying | None:
    table = shared.before if which == OLD else shared.after
    if table is None or shared.key not in table.columns:
        return None
    columns = shared.common if which == NEW else tuple(shared.before.columns)
    written = tuple(n for n in columns if n not in shared.fixed)
    return Copying(shared, table, shared.before, columns, written, unread, shared.gone if which == NEW else frozenset())


def replay(journal: Sequence[Written], database: Database) -> None:
    with database.connect() as connection:
        for sql, values in journal:
            connection.execute(sql.encode(), values)
