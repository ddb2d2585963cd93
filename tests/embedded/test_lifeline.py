"""A server never outlives the process that started it, and what a killed process left is swept by the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from zdmigrate.embedded.place import Place, lock_of, own_folder, sweep
from zdmigrate.errors import DatabaseError

STARTER = """
import signal
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server
server = Server.start(find())
print(server.pid, server.dsn(), server.socket_directory, flush=True)
signal.pause()
"""

linux = pytest.mark.xfail(
    not sys.platform.startswith("linux"), reason="only Linux tells a process of its parent's death"
)


def alive(pid: int) -> bool:
    """A zombie is dead: where the first process reaps slowly, its pid still answers signal 0."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + 30
    while alive(pid):
        assert time.monotonic() < deadline, f"the server {pid} outlived its parent"
        time.sleep(0.01)


def sweep_until_gone(folder: Path) -> None:
    """Another process that starts a server may be sweeping the same folder, and is not waited for by ours."""
    deadline = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < deadline, f"{folder} was never swept"
        sweep(folder.parent)
        time.sleep(0.01)


@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_dies_with_its_parent(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as starter:
        assert starter.stdout is not None
        pid, dsn, folder = starter.stdout.readline().split()
        with psycopg.connect(dsn):
            assert alive(int(pid))
        starter.send_signal(how)
    wait_until_dead(int(pid))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    sweep_until_gone(Path(folder))


def test_a_process_that_ends_without_stopping_its_server_leaves_nothing() -> None:
    told = subprocess.run(
        [sys.executable, "-c", STARTER.replace("signal.pause()", "")], capture_output=True, text=True, check=True
    ).stdout.split()
    wait_until_dead(int(told[0]))
    assert not Path(told[2]).exists()


def test_a_forked_child_does_not_stop_its_parents_server() -> None:
    forks = "import os\nif os.fork() == 0: raise SystemExit\nos.wait()\nassert server.pid\nprint('still there')"
    told = subprocess.run(
        [sys.executable, "-c", STARTER.replace("signal.pause()", forks)], capture_output=True, text=True, check=True
    )
    assert told.stdout.endswith("still there\n")


def test_the_folders_of_the_dead_are_swept_and_those_of_the_living_kept(tmp_path: Path) -> None:
    living = Place.claim(None, tmp_path)
    dead = tmp_path / "dead"
    (dead / "data").mkdir(parents=True)
    lock_of(dead).touch()
    newcomer = Place.claim(None, tmp_path)
    assert sorted(tmp_path.glob("*[!k]")) == sorted([living.folder, newcomer.folder])
    living.remove()
    newcomer.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_survives_the_sweep_of_another_process(tmp_path: Path) -> None:
    ours = Place.claim(None, tmp_path)
    code = f"from pathlib import Path; from zdmigrate.embedded.place import sweep; sweep(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert ours.folder.is_dir()
    ours.remove()


def test_the_folder_of_another_account_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"zdmigrate-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseError, match="not a folder of this account"):
        own_folder(tmp_path)
