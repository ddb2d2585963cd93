"""Until contract, a function's copy may be called by whom the function may be called by, and belongs to its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.command import zdmigrate
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

MADE = """
CREATE FUNCTION price(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION price(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION price(bigint) OWNER TO {owner};
REVOKE ALL ON FUNCTION price(bigint), price(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION price(text) TO {owner};
GRANT EXECUTE ON FUNCTION price(bigint) TO {seller} WITH GRANT OPTION;
COMMENT ON FUNCTION price(bigint) IS 'what it costs: ( , IS TO';
"""
OF = """
    SELECT pg_get_userbyid(proowner), array(SELECT a::text FROM unnest(proacl) AS a ORDER BY 1),
           obj_description(oid, 'pg_proc') FROM pg_proc WHERE proname = '{}' AND pronargs = 1 AND proargtypes[0] = 20
"""


def expanded(database: Database, folder: Path, naive: str, read: str) -> None:
    """The naive file rewritten, clean, and its expand run."""
    file = folder / "002_rename.sql"
    file.write_text(naive)
    given = ("--dsn", database.dsn) if read == "database" else ()
    for command in (("rewrite", str(file), "--in-place", *given), ("lint", str(file), "--fail-on", "warning")):
        printed = zdmigrate(*command, "--dir", str(folder))
        assert printed.code == 0, printed.text
    expand = next(section for section in read_change(file).sections if section.name == "expand")
    with database.connect() as connection:
        for statement in expand.statements:
            connection.execute(statement.text.encode())


@pytest.mark.parametrize("read", ["history", "database"])
def test_a_renamed_functions_copy_has_its_owner_rights_and_comment(
    database: Database, tmp_path: Path, read: str
) -> None:
    made = MADE.format(owner=database.create_role("owner"), seller=database.create_role("seller"))
    with database.connect() as connection:
        connection.execute(made.encode())
    (tmp_path / "001_made.sql").write_text(made)
    expanded(database, tmp_path, "ALTER FUNCTION price(bigint) RENAME TO cost;", read)
    assert database.execute(OF.format("cost")) == database.execute(OF.format("price"))


@pytest.mark.parametrize("read", ["history", "database"])
def test_a_renamed_views_second_name_may_be_read_by_whom_the_first_may_be(
    database: Database, tmp_path: Path, read: str
) -> None:
    reader = database.create_role("reader")
    made = f"CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; GRANT SELECT ON v TO {reader};"
    with database.connect() as connection:
        connection.execute(made.encode())
    (tmp_path / "001_made.sql").write_text(made)
    expanded(database, tmp_path, "ALTER VIEW v RENAME TO w;", read)
    with database.connect(user=reader) as new_app:
        assert new_app.execute("SELECT a FROM w").fetchall() == []
