"""A PostgreSQL server of our own: for the demo, for tests, for a scratch database. It dies with its parent."""

from __future__ import annotations

import atexit
import os
import random
import signal
import socket
import subprocess
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from zdmigrate.embedded.account import Account, run_as, server_account
from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.place import Place
from zdmigrate.embedded.reach import reachable
from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zdmigrate.embedded.locate import Binaries

HOST = "127.0.0.1"
# Below what the kernel gives to outgoing connections, so that a stopped server's port stays free for its restart.
PORTS = range(20_000, 32_768)
NOT_DURABLE = MappingProxyType({"fsync": "off", "full_page_writes": "off"})
START_TIMEOUT = 60.0  # seconds; 0.05 is usual, but recovery after a crash reads the write-ahead log first
DOWN = "The server is not running."
STOP_TIMEOUT = 10.0  # seconds for a fast shutdown before an immediate one


class Server:
    """One running server. Connections need no password, and only this machine can make them."""

    def __init__(
        self,
        binaries: Binaries,
        place: Place,
        data_directory: Path,
        settings: Mapping[str, str],
        account: Account | None,
    ) -> None:
        self.binaries = binaries
        self.data_directory = data_directory
        self.port = free_port()
        self._place = place
        self._settings = settings
        self._account = account
        self._owner = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        binaries: Binaries,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
        data_directory: Path | None = None,
        durable: bool = False,
        unix_socket: bool = False,
    ) -> Self:
        """Start a server on a free port, in a new data directory that goes with it unless one is given.

        ``settings`` are PostgreSQL's, as in postgresql.conf. Unless ``durable``, nothing survives a power failure.
        Raises DatabaseError, and leaves nothing behind, when there is no starting it.
        """
        account = server_account()
        binaries = reachable(binaries, account)
        place = Place.claim(account)
        wanted = {
            "unix_socket_directories": str(place.folder) if unix_socket else "",
            **({} if durable else NOT_DURABLE),
            **settings,
        }
        server = cls(binaries, place, data_directory or place.folder / "data", wanted, account)
        try:
            server._create_cluster()
            server._launch_somehow(move=True)
        except OSError as error:  # no right to start a process as somebody else, or to enter its folder
            server.stop()
            raise DatabaseError(f"PostgreSQL {binaries.version} cannot be started: {error}", state=DOWN) from error
        except BaseException:
            server.stop()
            raise
        atexit.register(server._stop_at_exit)
        return server

    @property
    def major(self) -> int:
        return self.binaries.major

    @property
    def pid(self) -> int | None:
        """The postmaster's; None while the server is down."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def socket_directory(self) -> Path:
        """For ``host=``, if it was started with ``unix_socket``."""
        return self._place.folder

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{quote(user, safe='')}@{HOST}:{self.port}/{quote(database, safe='')}"

    def log(self) -> str:
        """What the server has written to its log since it was first started."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port with the same data."""
        self._end(signal.SIGINT)
        self._launch_somehow(move=False)

    def crash(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it without a checkpoint: SIGQUIT is an immediate shutdown, SIGKILL is what the OOM killer does."""
        self._end(how)

    def stop(self) -> None:
        """Stop it and remove its files; a data directory that the caller gave stays."""
        atexit.unregister(self._stop_at_exit)
        self._end(signal.SIGINT)
        self._place.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _stop_at_exit(self) -> None:
        if os.getpid() == self._owner:  # a forked child runs its parent's exit handlers
            self.stop()

    @property
    def _log(self) -> Path:
        return self._place.folder / "log"

    def _create_cluster(self) -> None:
        if (self.data_directory / "PG_VERSION").exists():
            return
        self.data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._account is not None:
            os.chown(self.data_directory, self._account.uid, self._account.gid)
        created = subprocess.run(
            [
                self.binaries.program("initdb"), "--pgdata", str(self.data_directory), "--username=postgres",
                "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
            ],
            cwd=self._place.folder, env=self.binaries.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **run_as(self._account),
        )  # fmt: skip
        if created.returncode != 0:
            raise DatabaseError(
                f"initdb of PostgreSQL {self.binaries.version} failed: {last_lines(created.stdout)}",
                state=DOWN,
            )

    def _launch_somehow(self, *, move: bool) -> None:
        """Launch, and again where waiting or another port helps.

        A free port was only free when it was looked at, and the backends of a killed postmaster hold its memory
        for a moment longer.
        """
        for _ in range(100):
            try:
                return self._launch()
            except DatabaseError as error:
                taken = "could not create any TCP/IP sockets" in error.sentence
                if not taken and "still in use" not in error.sentence:
                    raise
            if taken and move:
                self.port = free_port()
            time.sleep(0.05)
        raise DatabaseError(f"Port {self.port} or the memory of a killed server stayed taken for 5 s.", state=DOWN)

    def _launch(self) -> None:
        # Directly, not through pg_ctl: the server has to be our own child to die with us.
        settings = {"listen_addresses": HOST, "port": str(self.port), **self._settings}
        command = [self.binaries.program("postgres"), "-D", str(self.data_directory)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = spawn(
                command,
                folder=self._place.folder,
                environment=self.binaries.environment(),
                log=log,
                account=self._account,
            )
        self._await_ready(self._process)

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Its own pid file says when it listens: asking the port could get an answer from somebody else's server."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self._says_ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DatabaseError(
                    f"PostgreSQL {self.binaries.version} did not start: {last_lines(self.log())}",
                    state=DOWN,
                )
            time.sleep(0.005)

    def _says_ready(self, pid: int) -> bool:
        try:
            lines = (self.data_directory / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for harder in (how, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(harder)
            try:
                process.wait(STOP_TIMEOUT)
                return
            except subprocess.TimeoutExpired:
                continue


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    for _ in range(100):
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, port))
            except OSError:
                continue
            return port
    raise DatabaseError(f"No free port was found on {HOST}.", state=DOWN)


def last_lines(output: str, count: int = 3) -> str:
    """The end of a program's output on one line; the end is where it says why it stopped."""
    return " / ".join(line.strip() for line in output.strip().splitlines()[-count:]) or "it said nothing"
