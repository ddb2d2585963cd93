"""What the catalog knows of a type: whether its values may be rows."""

from __future__ import annotations

import pytest

from tests.schema.claims import history
from zdmigrate.schema.filling import may_be_composite

CATALOG = history(
    "CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE extent AS (wide integer); CREATE DOMAIN size AS extent;"
    "CREATE DOMAIN label AS text; CREATE TYPE span AS RANGE (SUBTYPE = integer); CREATE TYPE old AS (a integer);"
    "ALTER TYPE old RENAME TO young; CREATE SCHEMA shop; CREATE TYPE shop.extent AS ENUM ('wide');"
    "CREATE TABLE t (a mood, b extent, c size, d label, e span, f extent[], g young, h t, i integer, j shop.extent,"
    " k nobody_knows, l citext)"
)


@pytest.mark.parametrize(
    ("column", "may_be"),
    {**dict.fromkeys("bcghk", True), **dict.fromkeys("adefijl", False)}.items(),
)
def test_types_whose_values_may_be_rows_are_told_from_others(column: str, may_be: bool) -> None:
    known = CATALOG.table(next(iter(CATALOG.tables)))
    assert known is not None
    assert may_be_composite(known.columns[column].type, CATALOG) is may_be
