"""A server's clock that somebody really sets, ahead or back, in the middle of a run."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.run.conftest import TABLES
from tests.run.project import Project, refused
from tests.servers.choose import SETTINGS
from tests.servers.database import Database, RunningServer
from tests.stories.halt import Halt
from zdmigrate.embedded.locate import Binaries, find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stories.runners import Forge

pytestmark = pytest.mark.outside  # the program faketime
HOUR = 3600
JUMPS = pytest.mark.parametrize("seconds", [20 * HOUR, HOUR, -HOUR])
COLUMN = "ALTER TABLE users ADD COLUMN label text;\n"
COUNT = "UPDATE counters SET n = n + 1;\n"
EXPAND = ("apply", "--phase", "expand", "--release", "v2")
QUICK = {"RENEWAL": 2.0}  # seconds: none falls between the jump and the other runner's first look


class Clock:
    """That of processes started in ``shown``. Their monotonic one, which waits go by, stays as it is on a machine."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)

    def set(self, seconds: int) -> None:
        """So many ahead of everybody else's, from now on."""
        self._file.write_text(f"{seconds:+}\n")

    @contextmanager
    def shown(self) -> Iterator[None]:
        preloaded = subprocess.run(
            ["faketime", "now", "printenv", "LD_PRELOAD"], stdout=subprocess.PIPE, text=True, check=True
        )
        variables = {
            "LD_PRELOAD": preloaded.stdout.strip(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",  # the same for an older faketime
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            given = Binaries.environment
            patch.setattr(Binaries, "environment", lambda self: given(self) | variables)
            yield


@pytest.fixture
def clock() -> Iterator[Clock]:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server runs as somebody else
        yield Clock(Path(folder))


@pytest.fixture
def there(clock: Clock, tmp_path: Path) -> Iterator[Project]:
    """A project on a server that goes by ``clock``."""
    with clock.shown():
        server = Server.start(find(), settings=SETTINGS)
    with server:
        database = Database(RunningServer(server.dsn(), server.major), "postgres")
        database.execute(TABLES + "CREATE TABLE counters AS SELECT 0 AS n")
        folder = tmp_path / "migrations"
        folder.mkdir()
        made = Project(database, folder, database.dsn)
        made.done("init", "--release", "v1")
        made.write("001_label.sql", f"-- zdmigrate: expand\n{COUNT}{COLUMN}{COUNT}")
        yield made


def ahead(project: Project) -> float:
    """Seconds that the server's clock is ahead of this process's."""
    [(seconds,)] = project.database.execute("SELECT extract(epoch FROM clock_timestamp())::float8 - %s", time.time())
    return float(seconds)


@JUMPS
def test_a_servers_clock_that_is_set_while_a_runner_works_takes_its_lease_from_nobody(
    seconds: int, clock: Clock, there: Project, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUICK.items():
        monkeypatch.setattr(f"zdmigrate.run.lease.{name}", value)
    with Halt(there.dsn, "UPDATE counters", freezes=False) as proxy:
        proxy.runner = forge.start(*there.at(proxy.dsn, *EXPAND), lease=QUICK)
        assert proxy.halted.wait(30), proxy.runner.text
        clock.set(seconds)
        assert abs(ahead(there) - seconds) < 60, "the server's clock is set"
        refused(there.expand(), 5, "another runner holds the lease 'ddl'", f"process {proxy.runner.pid}")
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert there.database.execute("SELECT n FROM counters") == [(2,)], "each step ran once"
    assert "nothing to do" in there.done(*EXPAND).text


@JUMPS
def test_a_gate_stays_shut_for_a_version_that_beats_while_the_servers_clock_is_set(
    seconds: int, clock: Clock, there: Project
) -> None:
    there.write(
        "002_note.sql", f"-- zdmigrate: expand\n{COLUMN.replace('label', 'note')}-- zdmigrate: contract\n{COUNT}"
    )
    there.done(*EXPAND)
    for version in ("v1", "v2"):
        there.database.execute("SELECT zdmigrate.beat('app', %s, 'one')", version)
    clock.set(seconds)
    assert abs(ahead(there) - seconds) < 60, "the server's clock is set"
    for version in ("v2", "v1"):  # of which the second is late
        assert there.run("apply", "--phase", "contract", "--release", "v3").code == 3
        assert there.database.execute("SELECT zdmigrate.beat('app', %s, 'one')", version) == [("ok",)]
    assert there.run("apply", "--phase", "contract", "--release", "v3").code == 3
    assert there.state("002_note") == "expanded"
