"""Two runners at one database, one after the other's back; and a runner whose machine stands still."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.run.project import refused
from tests.run.waiting import until
from tests.stories.halt import Halt
from tests.stories.proxy import Proxy
from zdmigrate.run import phases
from zdmigrate.run.lease import _key, take_lease

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.run.project import Project
    from tests.stories.runners import Forge
    from zdmigrate.run.lease import Lease

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
FILL = "-- zdmigrate: backfill\nUPDATE users SET label = name;\n"
AFTER = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN after_it text;\n"
REVERT = "-- zdmigrate: revert\nALTER TABLE users DROP COLUMN label;\n"
COUNT = "UPDATE counters SET n = n + 1;\nSELECT 1 / 0;\n"
VERIFYING = "SELECT pg_catalog.count(*) FROM users"  # of a backfill, outside of its transactions, which are bounded
LEASES = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%% lease'"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets something happen right before a runner takes a lease for its first time."""

    def arrange(happens: Callable[[], object], lease: str = "") -> None:
        waiting = [happens]

        def late(dsn: str, name: str, *rest: Any, **options: Any) -> AbstractContextManager[Lease]:
            if waiting and name.startswith(lease):
                waiting.pop()()
            return take_lease(dsn, name, *rest, **options)

        monkeypatch.setattr(phases, "take_lease", late)

    return arrange


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another's lease is waited for only shortly."""
    monkeypatch.setattr(phases, "GRACE", 0.3)


def columns(project: Project) -> set[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    return {name for (name,) in project.database.execute(query)}


# --------------------------------------------------------------------------- one after the other


@pytest.mark.parametrize("phase", ["expand", "contract"])
def test_a_step_runs_once_when_another_runner_failed_part_way_before_us(
    phase: str, project: Project, meanwhile: Callable[..., None]
) -> None:
    project.database.execute("CREATE TABLE counters AS SELECT 0 AS n")
    project.write("001_count.sql", f"-- zdmigrate: {phase}\n{COUNT}")
    if phase == "contract":
        assert project.expand().code == 0
    command = {"expand": project.expand, "contract": project.contract}[phase]
    meanwhile(lambda: refused(command(), 4, "division by zero", "step 1 stands"))
    refused(command(), 4, "division by zero", "step 1 stands")
    assert project.database.execute("SELECT n FROM counters") == [(1,)]


def test_a_revert_that_came_first_ends_the_expand_before_its_backfill(
    project: Project, meanwhile: Callable[..., None]
) -> None:
    """The expand has given back the lease for DDL and has not yet got that for its backfill."""
    project.write("001_label.sql", COLUMN + FILL + AFTER + REVERT)
    meanwhile(lambda: project.done("revert", "001_label"), lease="backfill")
    refused(project.expand(), 5, "001_label has become reverted by another runner, so its expand ends here")
    assert not columns(project) & {"label", "after_it"}
    assert (project.state("001_label"), project.steps_done("001_label")) == ("reverted", 0)


@pytest.mark.usefixtures("impatient")
def test_a_revert_beside_a_running_backfill_is_refused_and_undoes_nothing(project: Project, forge: Forge) -> None:
    project.write("001_label.sql", COLUMN + FILL + AFTER + REVERT)
    with Halt(project.dsn, VERIFYING, freezes=False) as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, "apply", "--phase", "expand", "--release", "v2"))
        assert proxy.halted.wait(30), proxy.runner.text
        refused(project.revert("001_label"), 5, "another runner holds the lease 'backfill app 001_label'")
        assert "label" in columns(project)
        assert project.state("001_label") == "expanding"
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert project.state("001_label") == "expanded"
    project.database.execute("ALTER TABLE users DROP COLUMN after_it")
    project.done("revert", "001_label")
    assert "label" not in columns(project)


@pytest.mark.usefixtures("impatient")
def test_a_backfill_does_not_stop_the_expand_of_another_change(project: Project, forge: Forge) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    with Halt(project.dsn, VERIFYING, freezes=False) as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, "apply", "--phase", "expand", "--release", "v2"))
        assert proxy.halted.wait(30), proxy.runner.text
        project.write("002_note.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN note text;\n")
        told = project.run("apply", "--phase", "expand", "--release", "v3", "--lock-deadline", "300ms")
        refused(told, 5, "another runner holds the lease 'backfill app 001_label'", "doing expand 001_label since")
        assert project.state("002_note") == "expanded"
        project.write("003_more.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN more text;\n")
        project.done("apply", "--phase", "expand", "--release", "v4", "--no-backfill")
        assert {"note", "more"} <= columns(project)
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert project.state("001_label") == "expanded"


def test_a_runner_whose_keeper_is_lost_goes_on_and_is_not_taken_over(
    project: Project, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody ends the connection that renews the lease; the runner opens another, and counts as alive."""
    quick = {"STALE": 1.0, "RENEWAL": 0.1}
    for name, seconds in quick.items():
        monkeypatch.setattr(f"zdmigrate.run.lease.{name}", seconds)
    project.database.execute("CREATE TABLE counters AS SELECT 0 AS n")
    project.write("001_count.sql", "-- zdmigrate: expand\nUPDATE counters SET n = n + 1;\n")
    with project.database.connect() as app:
        app.execute("BEGIN; SELECT n FROM counters FOR UPDATE")
        runner = forge.start(*project.at(project.dsn, "apply", "--phase", "expand", "--release", "v2"), lease=quick)
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE counters%%'"
        until(lambda: bool(project.database.execute(waits)))
        before = project.database.execute(LEASES)
        project.database.execute("SELECT pg_terminate_backend(%s)", before[0][0])
        until(lambda: project.database.execute(LEASES) not in ([], before))
        renewed = project.database.execute("SELECT renewed_at FROM zdmigrate.lease WHERE name = 'ddl'")
        until(lambda: project.database.execute("SELECT renewed_at FROM zdmigrate.lease WHERE name = 'ddl'") != renewed)
        refused(project.expand(), 5, "another runner holds the lease 'ddl'", f"process {runner.pid}")
        app.execute("COMMIT")
        assert runner.wait() == 0, runner.text
    assert project.database.execute("SELECT n FROM counters") == [(1,)]


# --------------------------------------------------------------------------- what a dead runner leaves at work


def test_a_build_that_goes_on_for_a_dead_runner_is_ended_with_its_lease_and_done_anew(
    project: Project, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does not hear of its end: what is between them answers on. So it does not cancel the statement."""
    monkeypatch.setattr("zdmigrate.run.lease.STALE", 1.0)
    monkeypatch.setattr("zdmigrate.run.lease.RENEWAL", 0.2)
    project.write("001_index.sql", "-- zdmigrate: expand\nCREATE INDEX CONCURRENTLY by_name ON users (name);\n")
    builds = "SELECT pid FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%%'"
    with project.database.connect() as old, Proxy(project.dsn) as proxy:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users")
        runner = forge.start(*project.at(proxy.dsn, "apply", "--phase", "expand", "--release", "v2"))
        until(lambda: bool(project.database.execute(builds)))
        [(orphan,)] = project.database.execute(builds)
        os.kill(runner.known_pid(), signal.SIGKILL)

        def go_on_without_it() -> None:
            until(lambda: orphan not in pids(project))
            old.execute("COMMIT")

        ended = threading.Thread(target=go_on_without_it)
        ended.start()
        until(lambda: project.expand().code != 5)
        ended.join()
    assert project.state("001_index") == "expanded"
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_name'::regclass"
    assert project.database.execute(valid) == [(True,)]
    assert "is taken over from a runner that stood still" in project.done("log").out


def pids(project: Project) -> set[int]:
    return {pid for (pid,) in project.database.execute("SELECT pid FROM pg_stat_activity")}


@pytest.mark.usefixtures("impatient")
def test_sessions_of_a_dead_runner_that_this_role_may_not_end_are_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zdmigrate.run.lease.STALE", 0.2)
    monkeypatch.setattr("zdmigrate.run.lease.RENEWAL", 0.2)
    project.write("001_label.sql", COLUMN)
    role = project.database.create_role("deploy")
    for grant in ("SCHEMA zdmigrate", "ALL TABLES IN SCHEMA zdmigrate", "ALL FUNCTIONS IN SCHEMA zdmigrate"):
        project.database.execute(f'GRANT ALL ON {grant} TO "{role}"')
    project.database.execute(f'ALTER TABLE users OWNER TO "{role}"')
    with project.database.connect() as dead:
        [(pid,)] = dead.execute("SELECT pg_backend_pid() FROM pg_advisory_lock_shared(%s, %s)", _key("ddl")).fetchall()
        holder = '{"user": "ci", "host": "ci-1", "pid": 7, "doing": "expand 001_label"}'
        dead.execute(
            "INSERT INTO zdmigrate.lease VALUES ('ddl', 1, %s, clock_timestamp(), clock_timestamp())", [holder]
        )
        told = project.run("apply", "--phase", "expand", "--release", "v2", dsn=project.database.dsn_as(role))
    refused(
        told, 5, "stands still or is gone", f"{role} may not end them", f"SELECT pg_terminate_backend({pid})", "ci@ci-1"
    )


# --------------------------------------------------------------------------- a machine that stands still

CONTRACT = ("apply", "--phase", "contract", "--release", "v3", "--force", "--reason", "nobody else is here")
ALIVE = "-c statement_timeout=20s"  # a frozen runner would be waited for until it is killed


def test_a_runner_frozen_in_a_batch_lets_go_of_its_rows(project: Project, forge: Forge) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    with Halt(project.dsn, "UPDATE zdmigrate.backfill") as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, "apply", "--phase", "expand", "--release", "v2"))
        assert proxy.halted.wait(30), proxy.runner.text
        with project.database.connect(options=ALIVE) as app:
            app.execute("UPDATE users SET visits = 1 WHERE id = 1")
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert "the connection was lost in step 2 of expand 001_label" in proxy.runner.text
    assert project.database.execute("SELECT count(*) FROM users WHERE label IS DISTINCT FROM name") == [(0,)]


def test_a_runner_frozen_in_a_brief_step_lets_go_of_the_table(project: Project, forge: Forge) -> None:
    project.write("001_label.sql", COLUMN)
    with Halt(project.dsn, "ALTER TABLE users ADD") as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, "apply", "--phase", "expand", "--release", "v2"))
        assert proxy.halted.wait(30), proxy.runner.text
        with project.database.connect(options=ALIVE) as app:
            app.execute("SELECT name FROM users")
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert project.steps_done("001_label") == 1


AT_THE_FENCE = ("INSERT INTO zdmigrate.fence", CONTRACT, 4, "state: it is not known whether that was written down")
# It asks again, and by then a version that knows the change is live.
BEFORE_A_REVERT = ("INSERT INTO zdmigrate.change", ("revert", "001_label"), 3, "v2 on web-1")


@pytest.mark.parametrize(("at", "command", "code", "told"), [AT_THE_FENCE, BEFORE_A_REVERT])
def test_a_runner_frozen_with_the_lock_of_beats_lets_the_app_beat(
    at: str, command: tuple[str, ...], code: int, told: str, project: Project, forge: Forge
) -> None:
    project.write("001_label.sql", COLUMN + "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN name;\n" + REVERT)
    assert project.expand().code == 0
    with Halt(project.dsn, at) as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, *command))
        assert proxy.halted.wait(30), proxy.runner.text
        with project.database.connect(options=ALIVE) as app:
            assert app.execute("SELECT zdmigrate.beat('app', 'v2', 'web-1')").fetchone() == ("ok",)
        proxy.let_go()
        assert proxy.runner.wait() == code, proxy.runner.text
    assert "the connection was lost" in proxy.runner.text
    assert told in proxy.runner.text
    assert project.state("001_label") == "expanded"
