"""An index without a name gets the name that history says it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.catalog import Catalog
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from tests.servers.database import Database

TABLE = "CREATE TABLE t (x text, y text, n int, d timestamp);"
LISTS = """
lower(x) ;
(x || 'a') ; lower(x), lower(y) ; coalesce(x, y) ; (greatest(x, y)) ; x, lower(x) COLLATE "C" ; x) INCLUDE (y ;
(CASE WHEN x = 'a' THEN y END) ;
(CASE WHEN x = 'a' THEN y ELSE x END) ; (lower(x) || 'a'), (x || y) ; (n + 1), (n + 2) ;
(x::varchar(3)) ; (nullif(x, y)) ; (pg_catalog.upper(x)) ; (x IS NULL) ; (extract(year FROM d)) ; (trim(x)) ; (-n) ;
(substring(x FROM 1 FOR 2)) ; ((x)::text COLLATE "C") ; (array[x]) ; (x = y), (y = x) ; lower(x), (x || y), lower(y)
"""


def test_an_index_is_called_as_the_server_calls_it(database: Database) -> None:
    lists = [each.strip() for each in LISTS.split(";")]
    assert len(lists) > 20
    with database.connect() as connection:
        for listed in lists:
            statement = f"CREATE INDEX ON t ({listed})"
            connection.execute(f"DROP TABLE IF EXISTS t; {TABLE} {statement}".encode())
            [(name,)] = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'i' AND relname LIKE 't_%'")
            assert _history(statement) == [name], listed


def _history(statement: str) -> list[str]:
    catalog = Catalog()
    for each in read_script(f"{TABLE} {statement}").statements:
        for operation in each.operations:
            catalog = catalog.after(operation)
    return [name.name for name in catalog.indexes]
