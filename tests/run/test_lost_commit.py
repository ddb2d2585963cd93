"""What is believed of a transaction whose COMMIT had no answer: a number alone is no evidence, a step's row is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from zdmigrate.run.commit import was_committed

if TYPE_CHECKING:
    from tests.run.project import Project
    from zdmigrate.run.session import Session


def session_on(project: Project) -> Session:
    return cast("Session", SimpleNamespace(lease=SimpleNamespace(dsn=project.dsn), pid=0))


def test_a_number_that_a_crashed_server_gave_to_another_transaction_makes_no_step_done(project: Project) -> None:
    project.write("001_label.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n")
    project.done("apply", "--phase", "expand", "--release", "v2")
    session = session_on(project)
    with project.database.connect() as connection:
        ((ours,),) = connection.execute("SELECT xid::text FROM zdmigrate.step").fetchall()
        ((another,),) = connection.execute("SELECT pg_current_xact_id()::text").fetchall()
    assert was_committed(session, ours)
    assert not was_committed(session, another)


def test_a_number_that_was_never_given_is_of_a_transaction_that_was_lost(project: Project) -> None:
    assert not was_committed(session_on(project), "4000000000")


def test_a_transaction_that_was_rolled_back_is_not_done(project: Project) -> None:
    with project.database.connect() as connection:
        connection.execute("BEGIN")
        ((xid,),) = connection.execute("SELECT pg_current_xact_id()::text").fetchall()
        connection.execute("ROLLBACK")
    assert not was_committed(session_on(project), xid)
