"""Casts that are said to be total are; where one is said to fit, it does, and gives the value that the cast gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.recipes.parts.conversions import conversion
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from tests.servers.database import Database
    from zdmigrate.schema.operations import TypeName

VALUES = {
    "smallint": "0 1 -32768 32767",
    "integer": "0 32767 32768 -32769 2147483647 -2147483648",
    "bigint": "0 2147483648 -2147483649 9223372036854775807 -9223372036854775808",
    "numeric": "0 1.5 -0.5 32767.4 32767.5 999.99 999.995 1e30 NaN Infinity 2147483647.5 9223372036854775807.5 0.001",
    "numeric(5,2)": "0 999.99 -999.99 0.5 NaN",
    "numeric(12,0)": "0 999999999999 2147483648",
    "real": "0 1.5 32767.5 2147483648 9.3e18 NaN Infinity -Infinity 1e30",
    "double precision": "0 1.5 32767.5 2147483647.6 9223372036854775807 9.2e18 NaN Infinity 1e300",
    "text": "0 1 12 -7 +3 2147483648 9223372036854775808 abc 1.5 .5 5. . 1e5 true NO off tru 0x1F 1_000 999.995"
    " 123e4567-e89b-12d3-a456-426614174000 123e4567e89b12d3a456426614174000 | NaN 99999 abcde",
    "varchar(4)": "0 12 abc 1.5 true",
    "varchar": "0 99999 abcde yes",
    "boolean": "true false",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "json": '1 null {"a":1}',
    "jsonb": '1 null {"a":1}',
    "date": "2026-01-01 infinity 0001-01-01",
    "timestamp": "2026-01-01T12:00:00 infinity",
    "timestamptz": "2026-01-01T12:00:00Z",
}


NOT_DERIVED = ("real", "timestamptz", "jsonb")


def type_of(sql: str) -> TypeName:
    (operation,) = read_script(f"ALTER TABLE t ADD c {sql}").statements[0].operations
    kind: TypeName = operation.column.type  # type: ignore[attr-defined]
    return kind


@pytest.mark.parametrize("new", VALUES)
def test_a_conversion_never_fails_and_gives_what_the_cast_gives(database: Database, new: str) -> None:
    tried = 0
    with database.connect() as connection:
        for old, values in VALUES.items():
            found = conversion(type_of(old), type_of(new)) if old != new else None
            for value in values.split() if found else ():
                source = f"CAST('{value}' AS {old})"
                total = f"(CAST({found.total(source, 'NULL')} AS {new}))::text" if found else ""
                [(given,)] = connection.execute(f"SELECT {total}".encode())
                if given is not None:
                    tried += 1
                    [(cast,)] = connection.execute(f"SELECT (CAST({source} AS {new}))::text".encode())
                    assert given == cast, f"{source} to {new}"
    assert tried or new in NOT_DERIVED
