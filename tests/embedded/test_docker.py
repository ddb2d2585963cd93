"""Where a Docker engine answers, tests run on a container; the engine here is a pretended one."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from testcontainers.core.config import ConnectionMode, testcontainers_config

from tests.embedded.fake_engine import Engine, fake_engine
from tests.servers import docker
from tests.servers.choose import running_server, server_of
from tests.servers.docker import engine_answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zdmigrate.embedded.server import Server


@pytest.fixture(autouse=True)
def no_other_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever this machine has, the test has the engine that it makes."""
    for name in ("ZDMIGRATE_TEST_DSN", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(docker, "ENGINE", f"unix://{tmp_path}/none.sock")


@pytest.fixture
def engine(own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(testcontainers_config, "_ryuk_disabled", True)
    monkeypatch.setattr(testcontainers_config, "tc_host_override", "127.0.0.1")
    monkeypatch.setattr(testcontainers_config, "connection_mode_override", ConnectionMode.docker_host)
    path = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with fake_engine(path, own_server.port) as running:
        yield running


def test_without_a_socket_there_is_no_engine() -> None:
    assert not engine_answers()


def test_a_socket_that_nobody_listens_on_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(dead))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{dead}")
    assert not engine_answers()


def test_an_engine_is_recognised_by_its_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_answers()
    monkeypatch.setattr(docker, "ENGINE", os.environ["DOCKER_HOST"])
    monkeypatch.delenv("DOCKER_HOST")
    assert engine_answers()
    assert engine.created == []


def test_tests_then_run_on_a_container_of_the_major_they_ask_for(engine: Engine, own_server: Server) -> None:
    with server_of(18) as server:
        (created,) = engine.created
        assert created["Image"] == "postgres:18"
        assert "fsync=off" in created["Cmd"]
        assert "PGDATA=/pgdata" in created["Env"]
        assert server.dsn("postgres") == f"postgresql://postgres:postgres@127.0.0.1:{own_server.port}/postgres"
        with server.database() as database:
            assert database.execute("SELECT 1") == [(1,)]
        assert engine.removed == []
    assert len(engine.removed) == 1


def test_a_dsn_comes_before_the_engine(engine: Engine, own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_TEST_DSN", own_server.dsn())
    with running_server() as server:
        assert server.major == 18
        assert server.dsn("postgres") == own_server.dsn()
    assert engine.created == []
