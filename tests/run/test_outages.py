"""The server is gone, was replaced, has no room or no connection left: what is told, what stands, and what goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.run.conftest import TABLES
from tests.run.project import Project, refused
from tests.run.waiting import until
from tests.servers.database import Database, RunningServer
from tests.servers.standby import standby_of
from tests.stories.proxy import Proxy
from zdmigrate.run import phases
from zdmigrate.run.lease import take_lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.stories.runners import Forge
    from zdmigrate.embedded.server import Server
    from zdmigrate.run.lease import Lease

CHANGE = (
    "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
    "-- zdmigrate: backfill\nUPDATE users SET label = name;\n"
)
EXPAND = ("apply", "--phase", "expand", "--release", "v2")


@pytest.fixture
def before_the_backfill(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen when the DDL is done, and the connections for the backfill are not there yet."""

    def arrange(happens: Callable[[], object]) -> None:
        def late(dsn: str, name: str, *rest: Any, **options: Any) -> AbstractContextManager[Lease]:
            if name.startswith("backfill"):
                happens()
            return take_lease(dsn, name, *rest, **options)

        monkeypatch.setattr(phases, "take_lease", late)

    return arrange


def project_on(server: Server, folder: Path) -> Project:
    database = Database(RunningServer(server.dsn(), server.major), "postgres")
    return Project(database, folder, database.dsn)


def cut_off(primary: Server, standby: Server) -> None:
    """Let the standby catch up, and get nothing more."""
    first, second = (Database(RunningServer(each.dsn(), each.major), "postgres") for each in (primary, standby))
    [(sent,)] = first.execute("SELECT pg_current_wal_lsn()::text")
    until(lambda: second.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", sent) == [(True,)])
    second.execute("ALTER SYSTEM SET primary_conninfo = ''")
    second.execute("SELECT pg_reload_conf()")
    until(lambda: not first.execute("SELECT 1 FROM pg_stat_replication"))


def test_a_standby_that_had_not_got_the_last_steps_takes_over_in_the_middle(
    own_server: Server, tmp_path: Path, before_the_backfill: Callable[[Callable[[], object]], None]
) -> None:
    """The run notices that the ledger went back in time; the next one says why, and does all that is missing."""
    project = project_on(own_server, tmp_path)
    project.database.execute(TABLES)
    project.write("001_label.sql", CHANGE)
    project.done("init", "--release", "v1")
    with standby_of(own_server) as standby, Proxy(project.dsn) as proxy:
        cut_off(own_server, standby)

        def fail_over() -> None:
            own_server.crash()
            Database(RunningServer(standby.dsn(), standby.major), "postgres").execute("SELECT pg_promote()")
            proxy.upstream = ("127.0.0.1", standby.port)

        before_the_backfill(fail_over)
        refused(project.run(*EXPAND, dsn=proxy.dsn), 4, "the ledger went back in time: 001_label had begun")
        before_the_backfill(lambda: None)
        told = project.run(*EXPAND, dsn=proxy.dsn)
        assert told.code == 0, told.text
        assert "this server was promoted, or restored, since the last run (timeline 1, now 2)" in told.err
        promoted = project_on(standby, tmp_path)
        assert promoted.state("001_label") == "expanded"
        assert promoted.database.execute("SELECT count(*) FROM users WHERE label IS DISTINCT FROM name") == [(0,)]
        [(detail,)] = promoted.database.execute("SELECT detail FROM zdmigrate.event WHERE action = 'promotion'")
        assert detail == {"before": 1, "now": 2}


def test_a_reader_on_a_standby_is_waited_for_where_the_standby_is_named(own_server: Server, tmp_path: Path) -> None:
    """The lock is replayed there, whoever reads; the primary cannot see it. Unnamed, the standby is refused."""
    project = project_on(own_server, tmp_path)
    project.database.execute(TABLES)
    project.write("001_label.sql", CHANGE)
    project.done("init", "--release", "v1")
    with standby_of(own_server) as standby:
        until(lambda: bool(project.database.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")))
        refused(project.run(*EXPAND), 2, "standbys stream from this server (walreceiver)", "no-readers")
        config = tmp_path / "zdmigrate.toml"
        config.write_text(f'replicas = ["{standby.dsn()}"]\n')
        named = (*EXPAND, "--config", str(config))
        replica = Database(RunningServer(standby.dsn(), standby.major), "postgres")
        until(lambda: replica.execute("SELECT to_regclass('users') IS NOT NULL") == [(True,)])
        with replica.connect(application_name="the dashboard") as reader:
            reader.execute("BEGIN; SELECT count(*) FROM users")
            refused(project.run(*named, "--lock-deadline", "300ms"), 5, "'the dashboard'")
        told = project.run(*named)
        assert told.code == 0, told.text


def test_a_step_that_is_not_done_any_more_ends_the_run(
    project: Project, before_the_backfill: Callable[[Callable[[], object]], None]
) -> None:
    def go_back() -> None:
        project.database.execute("ALTER TABLE users DROP COLUMN label")
        project.database.execute("DELETE FROM zdmigrate.step")

    project.write("001_label.sql", CHANGE)
    before_the_backfill(go_back)
    refused(project.expand(), 4, "the ledger went back in time: step 1 of expand 001_label was done")
    before_the_backfill(lambda: None)
    assert project.expand().code == 0


def test_a_server_that_is_gone_between_two_steps_is_not_told_as_nothing_changed(
    own_server: Server, tmp_path: Path, before_the_backfill: Callable[[Callable[[], object]], None]
) -> None:
    project = project_on(own_server, tmp_path)
    project.database.execute(TABLES)
    project.write("001_label.sql", CHANGE)
    project.done("init", "--release", "v1")
    before_the_backfill(own_server.crash)
    told = project.expand("--lock-deadline", "300ms")
    refused(told, 4, "between two steps of expand 001_label: the database does not answer", "told as done stand")
    own_server.restart()
    before_the_backfill(lambda: None)
    assert project.expand().code == 0


def test_no_connection_left_is_told_and_the_run_goes_on_later(
    project: Project, before_the_backfill: Callable[[Callable[[], object]], None]
) -> None:
    role = project.database.create_role("deploy")
    for grant in ("SCHEMA zdmigrate", "ALL TABLES IN SCHEMA zdmigrate", "ALL FUNCTIONS IN SCHEMA zdmigrate"):
        project.database.execute(f'GRANT ALL ON {grant} TO "{role}"')
    project.database.execute(f'ALTER TABLE users OWNER TO "{role}"')
    project.write("001_label.sql", CHANGE)
    dsn = project.database.dsn_as(role)
    project.database.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 0')
    refused(project.run(*EXPAND, dsn=dsn), 2, "too many connections for role", "nothing was changed")
    project.database.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 9')
    before_the_backfill(lambda: project.database.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 0'))
    short = project.run(*EXPAND, "--lock-deadline", "300ms", dsn=dsn)
    refused(short, 4, "too many connections for role", "the steps that were told as done stand")
    project.database.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 9')
    before_the_backfill(lambda: None)
    told = project.run(*EXPAND, dsn=dsn)
    assert told.code == 0, told.text


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of so many megabytes, in memory."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


FULL = {
    "a backfill": CHANGE,
    "an index build": "-- zdmigrate: expand\nCREATE INDEX CONCURRENTLY by_name ON users (name, id) TABLESPACE small;\n",
}


@pytest.mark.outside
@pytest.mark.parametrize("what", FULL)
def test_a_full_disk_fails_the_step_and_the_same_command_goes_on_when_there_is_room(
    what: str, own_server: Server, tmp_path: Path
) -> None:
    (tmp_path / "migrations").mkdir()
    project = project_on(own_server, tmp_path / "migrations")
    with small_disk(own_server.data_directory.parent / "small", 28) as folder:
        place = folder / "space"
        place.mkdir()
        subprocess.run(["chown", f"--reference={own_server.data_directory}", str(place)], check=True)
        project.database.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        project.database.execute(TABLES.replace("DEFAULT 0);", "DEFAULT 0) TABLESPACE small;"))
        project.database.execute(
            "INSERT INTO users (name) SELECT repeat('x', 200) || i FROM generate_series(1, 20000) i"
        )
        ballast = folder / "ballast"
        ballast.write_bytes(b"x" * (19 << 20))
        project.write("001_full.sql", FULL[what])
        project.done("init", "--release", "v1")
        refused(project.expand(), 4, "No space left on device", "53100")
        assert project.database.execute("SELECT 1 FROM pg_index WHERE NOT indisvalid") == []
        ballast.unlink()
        told = project.expand()
        assert told.code == 0, told.text
        project.database.execute("DROP TABLE users")
        project.database.execute("DROP TABLESPACE small")


@pytest.mark.outside
def test_a_full_disk_of_the_wal_ends_the_server_and_the_change_is_completed_once_there_is_room(
    own_server: Server, tmp_path: Path, forge: Forge
) -> None:
    (tmp_path / "migrations").mkdir()
    project = project_on(own_server, tmp_path / "migrations")
    project.database.execute(TABLES)
    project.database.execute("INSERT INTO users (name) SELECT repeat('x', 200) || i FROM generate_series(1, 60000) i")
    project.write("001_label.sql", CHANGE)
    project.done("init", "--release", "v1")
    own_server.crash(signal.SIGINT)
    wal = own_server.data_directory / "pg_wal"
    with small_disk(own_server.data_directory.parent / "small", 100) as folder:
        shutil.copytree(wal, folder / "wal")
        shutil.rmtree(wal)
        wal.symlink_to(folder / "wal")
        subprocess.run(["chown", "-R", f"--reference={own_server.data_directory}", str(folder)], check=True)
        own_server.restart()
        ballast = folder / "ballast"
        ballast.write_bytes(b"x" * (shutil.disk_usage(folder).free - (4 << 20)))
        runner = forge.start(*project.at(project.dsn, *EXPAND))
        until(lambda: "No space left on device" in own_server.log())
        until(lambda: "the connection was lost in step 2 of expand 001_label" in runner.text)
        ballast.unlink()
        own_server.restart()
        assert runner.wait() in (0, 4), runner.text  # 4 where the server came back for a moment, and went again
        project.done(*EXPAND)
        assert project.state("001_label") == "expanded"
        assert project.database.execute("SELECT count(*) FROM users WHERE label IS DISTINCT FROM name") == [(0,)]
        own_server.stop()
