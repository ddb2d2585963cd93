"""The generated list of PostgreSQL's own functions says what a server's pg_proc says."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.schema import volatile_functions

if TYPE_CHECKING:
    import psycopg

    from tests.servers.database import Database

NAMES = """
    select proname from pg_catalog.pg_proc where pronamespace = 'pg_catalog'::regnamespace
    group by proname having bool_or(provolatile = 'v') = %s order by proname collate "C"
"""


def names(connection: psycopg.Connection, *, volatile: bool) -> list[str]:
    return [name for (name,) in connection.execute(NAMES, [volatile])]


def rendered(connection: psycopg.Connection) -> str:
    """The module as it should stand; to write it anew: see test_the_lists_are_those_of_pg_proc."""
    parts = [
        '"""Generated from pg_proc of PostgreSQL 18 by tests/schema/test_volatile_functions.py: do not edit."""',
        "from __future__ import annotations",
    ]
    for constant, volatile in (("VOLATILE", True), ("NOT_VOLATILE", False)):
        told = textwrap.fill(" ".join(names(connection, volatile=volatile)), 116, break_on_hyphens=False)
        parts.append(
            f'_{constant} = """\n{textwrap.indent(told, "    ")}\n"""\n{constant} = frozenset(_{constant}.split())'
        )
    return "\n\n".join(parts) + "\n"


def test_the_lists_are_those_of_pg_proc(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        if connection.info.server_version // 10_000 != 18:
            return
        wanted = tmp_path / "volatile_functions.py"
        wanted.write_text(rendered(connection))
    written = Path(volatile_functions.__file__).read_text()
    assert written == wanted.read_text(), f"copy {wanted} over {volatile_functions.__file__}"


def test_no_function_is_in_both_lists() -> None:
    assert not volatile_functions.VOLATILE & volatile_functions.NOT_VOLATILE
