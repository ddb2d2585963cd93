"""A repository with the files of docs/gate-pipelines.md, and the deploys of each of its pipelines."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.docs.markdown import DOCS, write_files
from tests.docs.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database


@contextmanager
def repository(database: Database, folder: Path) -> Iterator[Shell]:
    """A shell in ``folder`` with the files of the page, and a database where release 7.1 runs."""
    folder.mkdir()
    write_files(DOCS / "gate-pipelines.md", folder)
    (folder / "zdmigrate.toml").write_text('app = "shop"\n[gate]\nrollback_window = "1ms"\n')
    with Shell(folder, database) as opened:
        told = opened.run("export PGDATABASE=shopdb; zdmigrate init --release 7.1")
        assert opened.code == 0, told
        yield opened


def beat(database: Database, version: str, how: str = "beat") -> str:
    return str(database.execute(f"SELECT zdmigrate.{how}('shop', '{version}', 'web-{version}')")[0][0])


def deploy(database: Database, shell: Shell, expand: str, contract: str) -> None:
    """7.1 runs; 7.2 brings the change; 7.3 contracts it, once 7.1 is gone."""
    beat(database, "7.1")
    told = shell.run(f"sh deploy/{expand} 7.2")
    assert shell.code == 0, told
    assert "ready" in shell.run("zdmigrate ready --release 7.2")
    assert beat(database, "7.2") == "ok"
    told = shell.run(f"zdmigrate release add 7.3 --changes-from gated-changes.txt && sh deploy/{contract} 7.3 100ms")
    assert shell.code == 3, told
    assert "drain 7.1" in told
    beat(database, "7.1", "goodbye")
    told = shell.run(f"sh deploy/{contract} 7.3 30s")
    assert shell.code == 0, told
    assert beat(database, "7.1") == "retired"
    assert database.execute("SELECT state FROM zdmigrate.change") == [("contracted",)]


def columns(database: Database, table: str) -> list[tuple[str, ...]]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY 1"
    return database.execute(query, table)
