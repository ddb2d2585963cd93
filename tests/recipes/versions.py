"""What the version before, and the version after, a naive migration know of the tables: read from two databases.

Both databases are clones of one, so a table keeps its oid and a column its number, whatever a migration calls them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.servers.database import Connection, Database

_TABLES = """
    SELECT c.oid::bigint, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdmigrate') ORDER BY 1
"""
_COLUMNS = """
    SELECT a.attrelid::bigint, a.attnum::int, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
           a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval%%',
           CASE WHEN a.attidentity = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
           a.attnotnull AND a.attidentity = '' AND d.adbin IS NULL,
           EXISTS (SELECT FROM pg_constraint AS k
                   WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey))
    FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attrelid = ANY (%s::oid[])
    ORDER BY 1, 2
"""
_UNIQUE = """
    SELECT i.indrelid::bigint, i.indisprimary,
           array(SELECT number FROM unnest((i.indkey::int2[])[:i.indnkeyatts - 1]::int[]) AS number WHERE number > 0
                 UNION SELECT d.refobjsubid FROM pg_depend AS d
                 WHERE i.indexprs IS NOT NULL AND d.objid = i.indexrelid AND d.refobjid = i.indrelid
                   AND d.refobjsubid > 0 ORDER BY 1)
    FROM pg_index AS i WHERE i.indisunique AND i.indrelid = ANY (%(tables)s::oid[])
    UNION ALL -- a row that is moved to another partition fails who waits for it, whether or not a schema changes
    SELECT pg_partition_root(p.partrelid)::oid::bigint, false, (p.partattrs::int2[])::int[]
    FROM pg_partitioned_table AS p WHERE pg_partition_root(p.partrelid)::oid = ANY (%(tables)s::oid[])
"""
_VIEWS = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), array_agg(quote_ident(a.attname) ORDER BY a.attnum)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdmigrate') GROUP BY 1
"""


class Column(NamedTuple):
    """Names are quoted where they must be; a % in those of tables and columns is doubled, as psycopg wants it."""

    name: str
    type: str
    numbered: bool  # by a sequence
    default: str | None
    must_be_written: bool
    refers: bool


class Table(NamedTuple):
    """``unique`` are the sets of columns, by number, of which no two rows have the same."""

    name: str
    columns: dict[int, Column]
    unique: tuple[tuple[int, ...], ...]
    primary: tuple[int, ...]


class Schema(NamedTuple):
    """What one version knows. Tables by oid; views with their columns, as SQL without values has them."""

    tables: dict[int, Table]
    views: dict[str, list[str]]


def schema_of(database: Database) -> Schema:
    with database.connect() as connection:
        names = {oid: name.replace("%", "%%") for oid, name in connection.execute(_TABLES)}
        columns: dict[int, dict[int, Column]] = {oid: {} for oid in names}
        for oid, number, name, *column in connection.execute(_COLUMNS, [list(names)]):
            columns[oid][number] = Column(name.replace("%", "%%"), *column)
        unique: dict[int, list[tuple[int, ...]]] = {oid: [] for oid in names}
        primary: dict[int, tuple[int, ...]] = {}
        for oid, is_primary, numbers in connection.execute(_UNIQUE, {"tables": list(names)}):
            unique[oid].append(tuple(numbers))
            if is_primary:
                primary[oid] = tuple(numbers)
        tables = {
            oid: Table(name, columns[oid], tuple(unique[oid]), primary.get(oid, ())) for oid, name in names.items()
        }
        return Schema(tables, dict(connection.execute(_VIEWS).fetchall()))


class Shared(NamedTuple):
    """A table that apps write. ``after`` is None where the new version has no such table, or no way to name its rows.

    ``key`` is one column by whose text rows are known; ``fixed`` are columns that keep their values, since something
    is unique in them; ``rows`` are the keys of all rows, ``gone`` of those that the new version does not find there.
    """

    before: Table
    after: Table | None
    key: int
    fixed: frozenset[int]
    rows: tuple[str, ...]
    gone: frozenset[str]

    @property
    def common(self) -> tuple[int, ...]:
        """Columns that both versions know."""
        return tuple(each for each in self.before.columns if self.after is not None and each in self.after.columns)


def shared_tables(before: Database, after: Database) -> list[Shared]:
    """The tables whose rows can be told apart. ``before`` and ``after`` hold the schema of the old and new version."""
    old, new = schema_of(before), schema_of(after)
    with before.connect() as connection, after.connect() as migrated:
        found = [_shared(connection, migrated, table, new.tables.get(oid)) for oid, table in old.tables.items()]
        return [each for each in found if each is not None]


def _shared(connection: Connection, migrated: Connection, table: Table, after: Table | None) -> Shared | None:
    sets = (*table.unique, *(after.unique if after else ()))
    fixed = frozenset(number for numbers in sets for number in numbers)
    alone = [numbers[0] for numbers in (table.primary, *sets) if len(numbers) == 1 and numbers[0] in table.columns]
    known_to_both = [number for number in (*alone, *table.columns) if after is None or number in after.columns]
    for key in dict.fromkeys(known_to_both):
        rows, distinct = _rows(connection, table, key)
        if 0 < len(rows) == distinct:
            left, _ = _rows(migrated, after, key) if after else ((), 0)
            gone = set(rows).difference(left) if after and len(left) < len(rows) else ()
            return Shared(table, after, key, fixed | {key}, rows, frozenset(gone))
    return None


def _rows(connection: Connection, table: Table, key: int) -> tuple[tuple[str, ...], int]:
    """The keys of all rows, and how many different ones there are."""
    name = table.columns[key].name
    query = f"SELECT array_agg({name}::text ORDER BY {name}::text), count(DISTINCT {name}::text) FROM {table.name}"
    rows, distinct = connection.execute(query.replace("%%", "%").encode()).fetchone() or ([], 0)
    return tuple(rows or ()), distinct
