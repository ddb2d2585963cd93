"""A hot standby that streams from a server of our own, made by pg_basebackup."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.choose import SETTINGS
from zdmigrate.embedded.account import run_as, server_account
from zdmigrate.embedded.place import Place
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def standby_of(primary: Server) -> Iterator[Server]:
    """Streams from ``primary`` as ``walreceiver``, and can be read."""
    account = server_account()
    place = Place.claim(account)
    folder = place.folder / "standby"
    folder.mkdir(mode=0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    try:
        subprocess.run(
            [
                primary.binaries.program("pg_basebackup"), "--pgdata", str(folder), "--dbname", primary.dsn(),
                "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
            ],
            cwd=place.folder, env=primary.binaries.environment(), check=True, capture_output=True, **run_as(account),
        )  # fmt: skip
        with Server.start(primary.binaries, data_directory=folder, settings=SETTINGS) as standby:
            yield standby
    finally:
        place.remove()
