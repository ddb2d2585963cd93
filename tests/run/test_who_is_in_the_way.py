"""Who is in the way is named: after each failed try, behind a build or a VALIDATE, and without SQL where asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from tests.run.waiting import until
from zdmigrate.run import watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.run.project import Project
    from tests.servers.database import Connection

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
BUILD = "-- zdmigrate: expand\nCREATE INDEX CONCURRENTLY by_name ON users (name);\n"
VALIDATE = "-- zdmigrate: expand\nALTER TABLE users VALIDATE CONSTRAINT named;\n"
SECRET = "SELECT count(*) AS secret_of_somebody FROM users"


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watchdog that looks and tells often."""
    monkeypatch.setattr(watchdog, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(watchdog, "REPORT_EVERY", 0.02)


@contextmanager
def in_transaction(project: Project, *statements: str) -> Iterator[Connection]:
    with project.database.connect(application_name="the report") as app:
        for statement in ("BEGIN", *statements):
            app.execute(statement.encode())
        yield app


def test_a_blocker_is_named_with_pid_application_role_state_age_and_query(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    with in_transaction(project, SECRET) as app:
        told = project.expand("--lock-deadline", "300ms")
        refused(
            told, 5, f"pid {app.info.backend_pid} 'the report' of role {app.info.user}, idle in transaction, in its"
        )
    assert f" s, holds AccessShareLock on users: {SECRET}" in told.err


def test_no_queries_hides_what_others_run_and_nothing_else(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    with in_transaction(project, SECRET):
        told = project.expand("--lock-deadline", "300ms", "--no-queries")
        refused(told, 5, "'the report'", "idle in transaction", "holds AccessShareLock on users")
    assert "secret_of_somebody" not in told.text
    assert "secret_of_somebody" not in str(project.database.execute("SELECT detail FROM zdmigrate.event"))


def test_a_blocker_of_another_role_is_named_with_the_time_that_it_was_seen(project: Project) -> None:
    """State, query and age are hidden from an ordinary role; the program's own clock is not."""
    deploy, app = project.database.create_role("deploy"), project.database.create_role("app")
    project.database.execute(
        f'GRANT SELECT ON users TO "{app}"; GRANT ALL ON SCHEMA zdmigrate TO "{deploy}";'
        f'GRANT ALL ON ALL TABLES IN SCHEMA zdmigrate TO "{deploy}"; GRANT CREATE ON SCHEMA public TO "{deploy}";'
        f'GRANT ALL ON ALL FUNCTIONS IN SCHEMA zdmigrate TO "{deploy}"; ALTER TABLE users OWNER TO "{deploy}"'
    )
    project.write("001_label.sql", COLUMN)
    with project.database.connect(user=app, application_name="the report") as reader:
        reader.execute("BEGIN; SELECT count(*) FROM users")
        dsn = project.database.dsn_as(deploy)
        command = ("apply", "--phase", "expand", "--release", "v2", "--lock-deadline", "400ms")
        told = project.run(*command, dsn=dsn)
        refused(told, 5, f"pid {reader.info.backend_pid} 'the report' of role {app}, seen for 0.")


def test_a_prepared_transaction_is_named_by_its_name(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    with in_transaction(
        project, "UPDATE users SET visits = 0 WHERE false", "PREPARE TRANSACTION 'forgotten one'"
    ) as app:
        refused(project.expand("--lock-deadline", "300ms"), 5, "the prepared transaction 'forgotten one'")
        app.execute("ROLLBACK PREPARED 'forgotten one'")


def test_each_failed_try_says_who_was_waited_for_also_where_the_plan_did_not_know_of_the_lock(project: Project) -> None:
    """DO runs what nobody can read before: the plan knows of no lock, and the server tells."""
    project.write(
        "001_do.sql", "-- zdmigrate: expand\nDO $$ BEGIN EXECUTE 'ALTER TABLE us' || 'ers ADD x int'; END $$;\n"
    )
    with in_transaction(project, SECRET) as app:
        told = project.expand("--lock-deadline", "1s", "--verbose")
        refused(told, 5, f"pid {app.info.backend_pid} 'the report'", "holds AccessShareLock on users")
    assert told.text.count("'the report'") > 1, "not only at the end"


@pytest.mark.usefixtures("attentive")
@pytest.mark.parametrize(
    ("change", "phase"), [(BUILD, "waiting for writers before build"), (VALIDATE, "waiting for a lock")]
)
def test_a_statement_that_takes_its_time_says_what_it_waits_for(change: str, phase: str, project: Project) -> None:
    project.database.execute("ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID")
    project.write("001_slow.sql", change)
    blocking = {BUILD: "UPDATE users SET visits = 1 WHERE id = 1", VALIDATE: "LOCK TABLE users IN SHARE MODE"}[change]
    with in_transaction(project, blocking) as app:
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

        def end_it() -> None:
            until(lambda: bool(project.database.execute(waits)))
            ended.wait(0.5)
            app.execute("COMMIT")

        ended = threading.Event()
        ending = threading.Thread(target=end_it)
        ending.start()
        pid, told = app.info.backend_pid, project.expand()
        ending.join()
    assert told.code == 0, told.text
    assert phase in told.text
    assert f"waits for pid {pid} 'the report'" in told.text


@pytest.mark.usefixtures("attentive")
@pytest.mark.parametrize("change", [BUILD, VALIDATE])
def test_a_statement_that_could_not_begin_by_the_deadline_is_given_up(change: str, project: Project) -> None:
    project.database.execute("ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID")
    project.write("001_slow.sql", change)
    with in_transaction(project, "LOCK TABLE users IN SHARE MODE") as app:
        told = project.expand("--lock-deadline", "300ms")
        refused(told, 5, "could not begin; nobody waits for it", f"pid {app.info.backend_pid} 'the report'")
    assert project.expand().code == 0


@pytest.mark.usefixtures("attentive")
def test_a_build_tells_how_far_it_is(project: Project) -> None:
    project.database.execute(
        "CREATE FUNCTION slowly(text) RETURNS text IMMUTABLE LANGUAGE sql"
        " AS 'SELECT $1 FROM pg_catalog.pg_sleep(0.001)'"
    )
    project.write("001_slow.sql", BUILD.replace("(name)", "(slowly(name))"))
    told = project.expand()
    assert told.code == 0, told.text
    assert "building index: scanning table, " in told.text
