"""A ledger that an older zdmigrate made: refused by what would write it, and upgraded when asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.test_record import CHANGE
from tests.run.project import Project, refused
from tests.stories.picture import definitions
from zdmigrate.ledger.ledger import VERSION, create_ledger, upgrade_ledger

if TYPE_CHECKING:
    from tests.servers.database import Database, RunningServer

VERSIONS = sorted((Path(__file__).parent / "versions").glob("*.sql"))


def make_old(database: Database, version: Path) -> None:
    """The ledger as that version of the program made it."""
    with database.connect() as connection:
        connection.execute(version.read_bytes())
        connection.execute(
            "INSERT INTO zdmigrate.ledger (version, system_identifier)"
            f" SELECT {int(version.stem)}, system_identifier FROM pg_control_system()"
        )


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.stem)
def test_an_upgraded_ledger_is_a_new_one(version: Path, server: RunningServer) -> None:
    with server.database() as old, server.database() as new:
        make_old(old, version)
        with old.connect() as upgraded, new.connect() as created:
            assert upgrade_ledger(upgraded) == int(version.stem)
            create_ledger(created)
            assert definitions(upgraded, "zdmigrate") == definitions(created, "zdmigrate")


def test_an_older_ledger_is_refused_until_it_is_upgraded_and_then_goes_on(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE users (id int PRIMARY KEY, name text)")
    make_old(database, VERSIONS[0])
    database.execute("INSERT INTO zdmigrate.release (app, version, changes) VALUES ('app', 'v1', '{}')")
    project = Project(database, tmp_path, database.dsn)
    project.write("001_label.sql", CHANGE)
    refused(project.expand(), 2, "the ledger has version 1", "zdmigrate init --upgrade")
    assert database.execute("SELECT zdmigrate.beat('app', 'v1', 'one')") == [("ok",)], "apps beat on"
    assert f"from version 1 to {VERSION}" in project.done("init", "--upgrade").text
    assert f"has version {VERSION} already" in project.done("init", "--upgrade").text
    assert project.expand().code == 0


def test_a_ledger_is_not_upgraded_under_a_runner(database: Database, tmp_path: Path) -> None:
    make_old(database, VERSIONS[0])
    project = Project(database, tmp_path, database.dsn)
    from zdmigrate.run.lease import backfill_lease, take_lease

    with take_lease(database.dsn, backfill_lease("app", "001_label"), "backfill 001_label"):
        refused(project.run("init", "--upgrade"), 5, "a runner is at work", "doing backfill 001_label")
    project.done("init", "--upgrade")
