"""Several UPDATEs of one table are one pass over it, where that does what each of them would have done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.plan.build import build_plan
from zdmigrate.schema.catalog import Catalog
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database
    from zdmigrate.plan.step import Step

TABLE = """
    CREATE TABLE t (id int PRIMARY KEY, name text, a text, b text, c text);
    INSERT INTO t (id, name) SELECT i, 'name ' || i FROM generate_series(1, 500) AS i;
"""


def steps(folder: Path, *statements: str) -> tuple[Step, ...]:
    path = folder / "001_fill.sql"
    path.write_text("-- zdmigrate: backfill\n" + "".join(f"{each}\n;\n" for each in statements))
    plan = build_plan(
        read_change(str(path)), "expand", app="shop", catalog=Catalog(), major=18, type_of=lambda *_: "text"
    )
    return plan.steps


TOGETHER = [
    ("UPDATE t SET a = name", "UPDATE t SET b = upper(name)"),
    ("UPDATE t SET a = name -- a comment", "UPDATE t SET b = upper(name) -- another", "UPDATE t SET c = 'c'"),
    ("UPDATE t AS x SET a = x.name WHERE id > 9", "UPDATE t AS x SET b = x.name WHERE id > 9"),
]


@pytest.mark.parametrize("statements", TOGETHER)
def test_what_writes_other_columns_of_the_same_rows_is_one_statement(
    statements: tuple[str, ...], database: Database, tmp_path: Path
) -> None:
    [step] = steps(tmp_path, *statements)
    assert len(step.statements) == len(statements), "what was reviewed is kept"
    assert step.backfill is not None
    assert step.backfill.remaining is not None
    database.execute(TABLE)
    database.execute("CREATE TABLE alone AS SELECT * FROM t")
    for statement in statements:
        database.execute(statement.replace("UPDATE t", "UPDATE alone", 1).replace("alone SET", "alone AS t SET", 1))
    for first in range(0, 12, 3):
        database.execute(step.backfill.batch_sql(first, first + 3))
    assert database.execute(step.backfill.remaining) == [(0,)]
    assert database.execute("(TABLE t EXCEPT TABLE alone) UNION ALL (TABLE alone EXCEPT TABLE t)") == []


@pytest.mark.parametrize(
    "statements",
    [
        ("UPDATE t SET a = name", "UPDATE t SET b = a"),
        ("UPDATE t SET a = name", "UPDATE t SET b = name WHERE a IS NOT NULL"),
        ("UPDATE t SET a = name", "UPDATE t SET a = b"),
        ("UPDATE t SET a = name WHERE id > 9", "UPDATE t SET b = name"),
        ("UPDATE t SET a = name", "UPDATE u SET b = name"),
        ("UPDATE t SET a = name", "UPDATE ONLY t SET b = name"),
        ("UPDATE t SET a = name", "UPDATE t SET b = u.name FROM u WHERE u.id = t.id"),
        ("UPDATE t SET a = name", "DELETE FROM t WHERE id < 9"),
        ("UPDATE t SET a = name", "SET work_mem = '1MB'", "UPDATE t SET b = name"),
    ],
)
def test_what_reads_the_others_columns_or_means_other_rows_has_a_pass_of_its_own(
    statements: tuple[str, ...], tmp_path: Path
) -> None:
    found = steps(tmp_path, *statements)
    assert [step.statements for step in found] == [(each,) for each in statements if not each.startswith("SET")]
    assert [step.position for step in found] == [0, 1]
