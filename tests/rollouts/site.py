"""A place where an app is rolled out: a server with few connections, haproxy, a deploy system, and a repository."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from tests.docs.markdown import DOCS, write_files
from tests.docs.shell import Shell
from tests.rollouts.connections import Connections
from tests.rollouts.haproxy import balancer
from tests.rollouts.instance import FIXTURE, ROOT
from tests.rollouts.load import Load
from tests.rollouts.prometheus import prometheus
from tests.servers.choose import SETTINGS
from tests.servers.database import RunningServer
from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database

USERS = 400
RESERVED = 3  # connections that PostgreSQL keeps for superusers (superuser_reserved_connections)
POOL = 4 + 1  # connections of one instance, with its heartbeat's
RUNNER = 6  # connections of a runner, and one of whoever counts them
MORE_OFTEN = {"[1m]": "[3s]", 'every = "5s"': 'every = "300ms"'}  # than a page would advise
MEASURED = 20.0  # seconds in which Prometheus has scraped often enough
CHANGE = "001_full_name"
CONFIGURATION = """
app = "shop"
[gate]
rollback_window = "{window}"
"""
CLIENT = """#!{python}
import json, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    line.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
    code, text = json.loads(line.makefile().readline())
print(text, end="", file=sys.stderr if code else sys.stdout)
sys.exit(code)
"""


class Site:
    """``run`` is a command line of a pipeline, in the folder of the repository; ``load`` is what its users do."""

    def __init__(
        self, page: str, repository: Path, database: Database, shell: Shell, load: Load, connections: Connections
    ) -> None:
        self.page, self.repository, self.database, self.shell = page, repository, database, shell
        self.load, self.connections = load, connections

    def run(self, command: str, code: int = 0) -> str:
        """What it prints; its exit code must be ``code``, and requests must be answered all the while."""
        told = self.shell.run(command)
        assert self.shell.code == code, f"{command} gave {self.shell.code}\n{told}"
        self.load.goes_on()
        return told

    def until_measured(self) -> None:
        """Let traffic go on until the guards' queries have an answer."""
        deadline = time.monotonic() + MEASURED
        while "before shop" not in (told := self.shell.run("zdmigrate guard --take-baseline --release 7.1")):
            assert time.monotonic() < deadline, told

    def deploys(self, *words: str) -> str:
        """What the deploy system is told outside of any pipeline."""
        told = self.shell.run(shlex.join(["deploy", *words]))
        assert self.shell.code == 0, told
        return told

    def columns(self) -> list[str]:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = 'users' ORDER BY 1"
        return [name for (name,) in self.database.execute(query)]

    def state(self) -> str:
        [(state,)] = self.database.execute("SELECT state FROM zdmigrate.change WHERE id = %s", CHANGE)
        return str(state)

    def ended_contracted(self, excused: str = "") -> None:
        """What every rollout ends with. Requests that an ``excused`` release has answered may have failed."""
        self.load.stop()
        assert self.columns() == ["created_at", "email", "full_name", "id", "visits"]
        assert self.state() == "contracted"
        self.no_request_failed(excused)
        self.no_write_is_lost()
        self.was_drawn()

    def was_drawn(self, name: str = "") -> str:
        """The words of the ledger's time line; UPDATE_GOLDEN puts it beside the page, which it is called after."""
        told = self.shell.run("zdmigrate timeline --svg timeline.svg")
        assert self.shell.code == 0, told
        drawing = self.repository / "timeline.svg"
        words = "".join(ElementTree.parse(drawing).getroot().itertext())
        assert all(word in words for word in ("7.1", "7.2", CHANGE)), words
        if os.environ.get("UPDATE_GOLDEN"):
            shutil.copy(drawing, DOCS / "rollouts" / (name or self.page.replace(".md", ".svg")))
        return words

    def no_request_failed(self, excused: str = "") -> None:
        failures = [failure for failure in self.load.failures if not (excused and f" from {excused}:" in failure)]
        assert not failures, f"{len(failures)} requests failed: {failures[:3]}"

    def no_write_is_lost(self, column: str = "full_name") -> None:
        kept = dict(self.database.execute(f"SELECT id, {column} FROM users"))
        lost = {user: (name, kept.get(user)) for user, name in self.load.names.items() if kept.get(user) != name}
        assert self.load.names
        assert not lost, f"{len(lost)} writes are lost, for instance {next(iter(lost.items()))}"


@contextmanager
def site(
    page: str, configuration: str, folder: Path, *, connections: int, window: str = "1s", guarded: bool = False
) -> Iterator[Site]:
    """A site with the files of a page of docs/rollouts, where nothing runs yet; ``guarded`` by Prometheus.

    ``connections`` is what PostgreSQL has for all but superusers, the looker's own among them.
    """
    with ExitStack() as running:
        settings = {**SETTINGS, "max_connections": str(connections + RESERVED), "max_wal_senders": "0"}
        server = running.enter_context(Server.start(find(), settings=settings))
        database = running.enter_context(RunningServer(server.dsn(), 18).database())
        haproxy, port = running.enter_context(balancer(configuration, folder))
        repository = _repository(page, folder, window)
        shell = running.enter_context(Shell(repository, database))
        _open_shop(database, shell)
        platform = _deploy_system(running, database, haproxy.control, folder)
        if (repository / "live.toml").exists():
            _configure(repository, "live.toml", {"https://platform.internal": platform})
        if guarded:
            url = running.enter_context(prometheus(folder))
            _configure(repository, "guards.toml", {"https://prometheus.internal": url} | MORE_OFTEN)
            shell.run(f"export WEBHOOK={platform}")
        watched = running.enter_context(Connections(database))
        yield Site(page, repository, database, shell, Load(port, USERS), watched)


def _repository(page: str, folder: Path, window: str) -> Path:
    repository = folder / "repository"
    shutil.copytree(ROOT / "fixtures" / "rename_column" / "migrations", repository / "migrations")
    write_files(DOCS / "rollouts" / page, repository)
    (repository / "zdmigrate.toml").write_text(CONFIGURATION.format(window=window))
    return repository


def _open_shop(database: Database, shell: Shell) -> None:
    """Tables, users, the ledger, and the app's role, as release 7.1 found them."""
    database.execute((ROOT / "fixtures" / "rename_column" / "schema.sql").read_text())
    database.execute(
        "INSERT INTO users (email, name) SELECT i || '@example.com', 'user ' || i FROM generate_series(1, %s) AS i",
        USERS,
    )
    told = shell.run("export PGDATABASE=shopdb; zdmigrate init --release 7.1 --roles")
    assert shell.code == 0, told
    database.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON users, orders TO shop_app")
    database.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop_app")


def _configure(repository: Path, name: str, here: dict[str, str]) -> None:
    """Add tables of a page to the configuration, with what is called otherwise ``here``."""
    tables = (repository / name).read_text()
    for told, instead in here.items():
        assert told in tables
        tables = tables.replace(told, instead)
    with (repository / "zdmigrate.toml").open("a") as configuration:
        configuration.write(tables)


def _deploy_system(running: ExitStack, database: Database, control: str, folder: Path) -> str:
    """Start it; the URL at which zdmigrate finds it."""
    address, port = folder / "deploys.sock", free_port()
    environment = {"DATABASE_URL": database.dsn_as("shop_app"), "FOLDER": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.rollouts.deploys", str(address), control, str(port)]
    log = running.enter_context((folder / "deploys.log").open("wb"))
    process = spawn(command, folder=FIXTURE, environment=environment, log=log, account=None)
    running.callback(process.wait)
    running.callback(process.kill)
    while not address.exists():
        assert process.poll() is None, (folder / "deploys.log").read_text()
        time.sleep(0.01)
    client = folder / "repository-bin" / "deploy"
    client.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    client.chmod(0o755)
    return f"http://127.0.0.1:{port}"
