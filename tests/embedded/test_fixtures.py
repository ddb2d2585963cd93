"""The fixtures that every other test stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers.database import Database, RunningServer


def test_a_test_has_a_database_of_its_own(database: Database) -> None:
    database.execute("CREATE TABLE mine (id int)")
    with database.connect(application_name="me") as connection:
        assert connection.autocommit
        assert connection.info.dbname == database.name
        assert connection.execute("SELECT current_setting('application_name')").fetchone() == ("me",)


def test_the_next_test_sees_nothing_of_the_last(database: Database) -> None:
    assert database.execute("SELECT to_regclass('mine')") == [(None,)]


def test_a_role_goes_with_its_database(database: Database) -> None:
    reader = database.create_role("reader")
    database.execute(f"CREATE TABLE told (id int); GRANT SELECT ON told TO {reader}")
    with database.connect(user=reader) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (reader,)
    database.server.drop(database.name)
    assert database.server.major >= 14


@pytest.mark.matrix
def test_every_major_starts_and_answers(any_server: RunningServer, any_database: Database) -> None:
    assert any_database.execute("SHOW server_version_num")[0][0].startswith(str(any_server.major))
