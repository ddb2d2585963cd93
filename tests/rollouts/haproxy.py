"""haproxy, told through its socket which process stands behind which server, and with what weight."""

from __future__ import annotations

import os
import shutil
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = shutil.which("haproxy") or "/usr/sbin/haproxy"
CONFIGURATIONS = Path(__file__).parents[2] / "fixtures" / "rollouts" / "haproxy"
NOTICED = 5.0  # seconds in which a check has seen a server come up


class Haproxy:
    """A running one, by the path of its socket. Beside that is the map of blue and green."""

    def __init__(self, control: str) -> None:
        self.control, self.map = control, Path(control).with_name("colour.map")

    def say(self, *commands: str) -> str:
        """What it answers to commands of its management guide; to those that set something, nothing."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.control)
            line.sendall(("; ".join(commands) + "\n").encode())
            return b"".join(iter(lambda: line.recv(65536), b"")).decode().strip()

    def tell(self, *commands: str) -> None:
        for command in commands:
            refused = self.say(command)
            # Some say what they have done, as "IP changed from ... by 'stats socket command'".
            assert not refused or refused.startswith(("IP changed", "port changed", "no need to change")), refused

    def put_behind(self, server: str, port: int, weight: int = 100) -> None:
        """``server``, as "web/web1", is this process from now on; returns when a check has found it ready."""
        self.weigh(server, weight)
        self.tell(f"set server {server} addr 127.0.0.1 port {port}", f"set server {server} state ready")
        deadline = time.monotonic() + NOTICED
        while not self.status(server).startswith(("UP", "no check")):
            assert time.monotonic() < deadline, f"{server} does not come up: {self.status(server)}"
            time.sleep(0.02)

    def weigh(self, server: str, weight: int) -> None:
        """From 0, which is no new request, to 256."""
        self.tell(f"set server {server} weight {weight}")

    def take_away(self, server: str) -> None:
        self.tell(f"set server {server} state maint")

    def servers(self) -> list[str]:
        """All of them, as "web/web1"."""
        rows = [line.split() for line in self.say("show servers state").splitlines()[2:]]
        return [f"{row[1]}/{row[3]}" for row in rows]

    def colour(self) -> str:
        """The backend that has all of the traffic."""
        return self.say(f"show map {self.map}").split()[-1]

    def switch(self, colour: str) -> None:
        self.tell(f"set map {self.map} / {colour}")

    def status(self, server: str) -> str:
        """UP, DOWN, MAINT and so on, as its statistics say it."""
        backend, name = server.split("/")
        rows = [line.split(",") for line in self.say("show stat").splitlines()]
        [status] = [row[17] for row in rows if row[:2] == [backend, name]]
        return status


@contextmanager
def balancer(configuration: str, folder: Path) -> Iterator[tuple[Haproxy, int]]:
    """haproxy with a configuration of the fixture, and the port at which it lets clients in."""
    assert Path(PROGRAM).exists(), "haproxy is not installed: apt-get install haproxy"
    control, port = folder / "haproxy.sock", free_port()
    (folder / "colour.map").write_text("/ blue\n")
    environment = {"SOCKET": str(control), "PORT": str(port), "FOLDER": str(folder)}
    # SIGQUIT, which a server of ours is sent when its parent dies, makes haproxy tell of its memory, and no more.
    ends = ["setpriv", "--pdeathsig", "KILL"]
    command = [*ends, PROGRAM, "-db", "-f", str(CONFIGURATIONS / configuration)]
    with (folder / "haproxy.log").open("wb") as log:
        process = spawn(command, folder=folder, environment={**os.environ, **environment}, log=log, account=None)
    try:
        _await(control, folder / "haproxy.log")
        yield Haproxy(str(control)), port
    finally:
        process.kill()
        process.wait()


def _await(control: Path, log: Path) -> None:
    deadline = time.monotonic() + NOTICED
    while not control.exists():
        assert time.monotonic() < deadline, f"haproxy does not start: {log.read_text()}"
        time.sleep(0.01)
