"""pgbouncer in transaction mode: two clients, one backend, and settings that leak from one to the other."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import conninfo

from zdmigrate.embedded.account import server_account
from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.place import Place
from zdmigrate.embedded.server import HOST, free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.servers.database import Database

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"

CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
ignore_startup_parameters = options
"""


@contextmanager
def transaction_pooler(database: Database, mode: str = "transaction", size: int = 1) -> Iterator[str]:
    """A DSN of ``database`` that leads through a pooler with ``size`` backends; every client is its superuser.

    ``mode="session"`` makes it the kind that a runner can be behind.
    """
    assert Path(PROGRAM).exists(), "pgbouncer is not installed: apt-get install pgbouncer"
    account, port = server_account(), free_port()
    place = Place.claim(account)
    configuration = place.folder / "pgbouncer.ini"
    text = CONFIGURATION.format(server=connection_of(database), host=HOST, port=port, mode=mode, size=size)
    configuration.write_text(text)
    with (place.folder / "log").open("wb") as log:
        command = [PROGRAM, "--quiet", str(configuration)]
        process = spawn(command, folder=place.folder, environment={}, log=log, account=account)
    try:
        dsn = f"postgresql://postgres@{HOST}:{port}/{database.name}"
        wait_for(dsn, process)
        yield dsn
    finally:
        process.terminate()
        process.wait()
        place.remove()


def connection_of(database: Database) -> str:
    """pgbouncer's words are libpq's: host=… port=… user=…, and the password if there is one."""
    parts = conninfo.conninfo_to_dict(database.dsn)
    return conninfo.make_conninfo(**{name: str(value) for name, value in parts.items() if name != "dbname"})


def wait_for(dsn: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("pgbouncer does not answer")
