"""A publication that lists columns, and filters rows, publishes the new column from contract on."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.recipes.bench import FORTH, Bench, difference, same_schema
from tests.recipes.cases import Case
from tests.recipes.dump import dumped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import RunningServer

SCHEMA = """
CREATE TABLE t (id bigint PRIMARY KEY, a text, b text);
CREATE PUBLICATION news FOR TABLE t (id, b) WHERE (id > 3 AND b <> '') WITH (publish = 'insert');
"""


def test_the_list_of_columns_names_the_new_one(server: RunningServer, tmp_path: Path) -> None:
    case = Case(name="published", naive="ALTER TABLE t RENAME b TO c;", schema=SCHEMA, catalog="database")
    with ExitStack() as held:
        on = Bench(server, case, tmp_path, held)
        naive, untouched, database = on.run_naive(), on.database(), on.database()
        assert "Subscribers of news" in on.rewrite()
        on.run(database, *FORTH)
        on.run(database, "revert")
        assert not difference(dumped(untouched), dumped(database))
        on.run(database, *FORTH, "contract")
        same_schema(database, naive)
