"""What a runner says, and leaves, when the server is gone, may not be written to, or is set against it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg import conninfo

import zdmigrate.ledger
from tests.run.project import refused
from tests.stories.proxy import Proxy, When

if TYPE_CHECKING:
    from tests.run.project import Project
    from tests.stories.proxy import Request

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
MORE = "CREATE TABLE more (id int);\n"


class Vanishing(Proxy):
    """The server is gone, for every connection and for good, right after it has committed the column."""

    def is_the_point(self, request: Request) -> When | None:
        super().is_the_point(request)
        altered = any("ALTER TABLE users ADD" in each.sql for each in self.requests)
        return When.AFTER if altered and request.sql == "COMMIT" else None

    def strike(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # close() alone would leave accept() listening
        super().strike()


def test_a_commit_without_an_answer_and_a_server_that_is_gone_is_not_known_to_be_done(project: Project) -> None:
    project.write("001_label.sql", COLUMN + MORE)
    with Vanishing(project.dsn) as proxy:
        told = project.run("apply", "--phase", "expand", "--release", "v2", "--lock-deadline", "300ms", dsn=proxy.dsn)
    refused(
        told,
        4,
        "the connection was lost in COMMIT, and the server does not answer",
        "it is not known whether this step was done",
        "run the same command again once the server answers",
    )
    assert project.steps_done("001_label") == 1, "it was done"
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.steps_done("001_label") == 2


# --------------------------------------------------------------------------- privileges


READS = ("USAGE ON SCHEMA zdmigrate", "SELECT ON ALL TABLES IN SCHEMA zdmigrate")
CALLS = "EXECUTE ON ALL FUNCTIONS IN SCHEMA zdmigrate"
WRITES = ("INSERT, UPDATE, DELETE ON zdmigrate.{}", "USAGE ON ALL SEQUENCES IN SCHEMA zdmigrate")
SCHEMA = (Path(zdmigrate.ledger.__file__).parent / "schema.sql").read_text()
TABLES = sorted(set(re.findall(r"CREATE TABLE zdmigrate\.(\w+)", SCHEMA)) - {"event", "instance"})


@pytest.mark.parametrize("lacking", ["everything", *TABLES])
def test_a_role_that_lacks_a_table_of_the_ledger_is_told_so_before_anything_runs(
    lacking: str, project: Project
) -> None:
    dsn = project.database.dsn_as(project.database.create_role("deploy"))
    role = conninfo.conninfo_to_dict(dsn)["user"]
    grants = [*READS, CALLS, WRITES[1], "INSERT ON zdmigrate.event"]
    if lacking != "everything":
        grants += [WRITES[0].format(table) for table in TABLES if table != lacking]
    for grant in grants:
        project.database.execute(f'GRANT {grant} TO "{role}"')
    project.database.execute(f'ALTER TABLE users OWNER TO "{role}"')
    project.write("001_label.sql", COLUMN)
    told = project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn)
    refused(told, 2, "it may not write the ledger (zdmigrate:", "connect as")
    if lacking != "everything":
        assert f"(zdmigrate: {lacking})" in told.err
    assert project.state("001_label") is None
    assert project.database.execute("SELECT version FROM zdmigrate.release") == [("v1",)]


# --------------------------------------------------------------------------- before anything runs


UNFIT = {
    "a syntax error": "-- zdmigrate: expand\nALTER TABEL users ADD COLUMN a text;\n",
    "a backfill that is not repeatable": "-- zdmigrate: backfill\nUPDATE users SET visits = visits + 1;\n",
    "a contract that nobody can run": COLUMN.replace("label", "other") + "-- zdmigrate: contract\nVACUUM FULL users;\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_file_that_is_refused_leaves_no_release_and_runs_nothing_before_it(name: str, project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    project.write("002_unfit.sql", UNFIT[name])
    refused(project.expand(), 2, "002_unfit.sql:")
    assert project.state("001_label") is None
    assert project.database.execute("SELECT version FROM zdmigrate.release") == [("v1",)]
    (project.folder / "002_unfit.sql").unlink()
    project.done("apply", "--phase", "expand", "--release", "v2")


def test_status_warns_of_an_empty_file_and_shows_the_ledger(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    assert project.expand().code == 0
    project.write("002_empty.sql", "")
    told = project.done("status")
    assert "002_empty.sql:1: no statement in this file; what follows is the ledger alone" in " ".join(told.err.split())
    assert "001_label" in told.out
    assert "expanded" in told.out


def test_a_lock_budget_that_is_not_below_deadlock_timeout_is_refused(project: Project) -> None:
    """Above it, a query of the app could be chosen as a deadlock's victim."""
    project.write("001_label.sql", COLUMN + "-- zdmigrate: revert\nALTER TABLE users DROP COLUMN label;\n")
    for budget in ("1s", "2s"):
        refused(project.expand("--lock-budget", budget), 2, "is not below the server's deadlock_timeout (1000ms)")
    assert project.state("001_label") is None
    assert project.expand("--lock-budget", "900ms").code == 0
    refused(project.revert("001_label", "--lock-budget", "1s"), 2, "is not below the server's deadlock_timeout")
