"""Of a schema only what is new is told, and it is heard as it was: the entries, and their order."""

from __future__ import annotations

import pickle

import pytest

from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.handover import heard, told
from zdmigrate.schema.layers import flat
from zdmigrate.sql.script import read_script

BEFORE = "".join(f"CREATE TABLE t_{number} (id int PRIMARY KEY, note text); " for number in range(60))


def after(sql: str, catalog: Catalog) -> Catalog:
    for statement in read_script(sql).statements:
        for operation in statement.operations:
            catalog = catalog.after(operation)
    return catalog


def in_order(catalog: Catalog) -> list[object]:
    fields = [getattr(catalog, field) for field in Catalog.field_names]
    return [list(flat(field).items()) if hasattr(field, "items") else field for field in fields]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE added (id int REFERENCES t_3); CREATE INDEX ON t_4 (note)",
        "ALTER TABLE t_5 ADD COLUMN more text; ALTER TABLE t_5 DROP COLUMN note",
        "DROP TABLE t_6",
        "DROP TABLE t_7; CREATE TABLE t_7 (id bigint)",
        "ALTER TABLE t_8 RENAME TO renamed; SET search_path = other; CREATE TABLE t_9 (id int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT id FROM t_1",
        "SELECT 1",
    ],
)
def test_what_is_heard_is_the_schema_that_was_told(sql: str) -> None:
    earlier = after(BEFORE, Catalog())
    later = after(sql, earlier)
    sent = pickle.loads(pickle.dumps(told(later, earlier)))
    assert in_order(heard(sent, earlier)) == in_order(later)


def test_what_is_known_is_not_told_again() -> None:
    earlier = after(BEFORE, Catalog())
    later = after("CREATE TABLE added (id int)", earlier)
    assert b"added" in pickle.dumps(told(later, earlier))
    assert b"t_1" not in pickle.dumps(told(later, earlier))
