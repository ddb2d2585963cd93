"""An embedded server starts, answers, can be stopped in every way, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from zdmigrate.embedded import server as launcher
from zdmigrate.embedded.account import Account, server_account
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.place import Place
from zdmigrate.embedded.server import Server, free_port
from zdmigrate.errors import DatabaseError


def ask(server: Server, question: str) -> object:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row and row[0]


def do(server: Server, statement: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """The places that servers claim during the test."""
    places: list[Place] = []
    claim = Place.claim

    def noted(account: Account | None) -> Place:
        places.append(claim(account))
        return places[-1]

    monkeypatch.setattr(Place, "claim", noted)
    return places


def files_of(server: Server) -> list[Path]:
    folder = server.socket_directory
    return [path for path in (folder, folder.with_suffix(".lock")) if path.exists()]


def test_it_answers_without_a_password_on_loopback_only(own_server: Server) -> None:
    assert ask(own_server, "SELECT 1") == 1
    assert own_server.major == 18
    assert ask(own_server, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(own_server, "SHOW unix_socket_directories") == ""


def test_settings_are_postgresqls_own() -> None:
    with Server.start(find(), settings={"lock_timeout": "7s"}, durable=True) as server:
        assert ask(server, "SHOW lock_timeout") == "7s"
        assert ask(server, "SHOW fsync") == "on"


def test_it_listens_on_a_socket_when_asked() -> None:
    with (
        Server.start(find(), unix_socket=True) as server,
        psycopg.connect(host=str(server.socket_directory), port=server.port, user="postgres") as connection,
    ):
        assert connection.info.backend_pid


def test_stopping_removes_every_file_and_frees_the_port() -> None:
    with Server.start(find()) as server:
        assert len(files_of(server)) == 2
    assert files_of(server) == []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", server.port))


def test_a_restart_keeps_the_port_and_the_data(own_server: Server) -> None:
    port, pid = own_server.port, own_server.pid
    do(own_server, "CREATE TABLE kept AS SELECT 42 AS answer")
    own_server.restart()
    assert ask(own_server, "SELECT answer FROM kept") == 42
    assert own_server.port == port
    assert own_server.pid != pid


def _ask_on(connection: psycopg.Connection) -> None:
    """Until nobody answers: a backend may answer once more before it sees that its postmaster is gone."""
    while True:
        connection.execute("SELECT 1")


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL])
def test_committed_rows_survive_a_crash(own_server: Server, how: signal.Signals) -> None:
    do(own_server, "CREATE TABLE kept AS SELECT 42 AS answer")
    with psycopg.connect(own_server.dsn()) as connection:
        own_server.crash(how)
        assert own_server.pid is None
        with pytest.raises(psycopg.OperationalError):
            _ask_on(connection)
    own_server.restart()
    assert ask(own_server, "SELECT answer FROM kept") == 42
    assert "automatic recovery" in own_server.log()


def test_a_given_data_directory_stays() -> None:
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    try:
        with Server.start(find(), data_directory=home / "data") as server:
            do(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        with Server.start(find(), data_directory=home / "data") as server:
            assert ask(server, "SELECT answer FROM kept") == 42
    finally:
        shutil.rmtree(home)


def test_a_setting_that_postgresql_refuses_is_told_in_its_own_words(claimed: list[Place]) -> None:
    with pytest.raises(DatabaseError, match="unrecognized configuration parameter") as told:
        Server.start(find(), settings={"lock_time_out": "7s"})
    assert told.value.state == "The server is not running."
    assert not claimed[0].folder.exists()


def test_a_failing_initdb_leaves_no_files(claimed: list[Place]) -> None:
    crowded = Path(tempfile.mkdtemp())
    (crowded / "in the way").touch()
    with pytest.raises(DatabaseError, match="initdb of PostgreSQL 18"):
        Server.start(find(), data_directory=crowded)
    assert not claimed[0].folder.exists()
    shutil.rmtree(crowded)


def test_a_taken_port_is_exchanged_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        ports = iter([taken, free_port()])
        monkeypatch.setattr(launcher, "free_port", lambda: next(ports))
        with Server.start(find()) as server:
            assert ask(server, "SELECT 1") == 1
            assert server.port != taken


def test_another_thread_may_not_start_one() -> None:
    refusals: list[DatabaseError] = []

    def start() -> None:
        try:
            Server.start(find()).stop()
        except DatabaseError as refusal:
            refusals.append(refusal)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in refusals[0].sentence


def test_the_servers_files_and_processes_never_belong_to_root(own_server: Server) -> None:
    account = server_account()
    owner = (own_server.data_directory / "postmaster.pid").stat().st_uid
    assert owner == (os.getuid() if account is None else account.uid)
    assert owner != 0
