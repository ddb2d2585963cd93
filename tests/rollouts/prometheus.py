"""Prometheus, which scrapes whatever the deploy system has started."""

from __future__ import annotations

import os
import shutil
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.rollouts.instance import FIXTURE
from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.server import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

PROGRAM = shutil.which("prometheus") or "/usr/bin/prometheus"
STARTS_WITHIN = 20.0  # seconds


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """Its URL. Targets are in ``targets.json`` of the folder."""
    assert Path(PROGRAM).exists(), "Prometheus is not installed: apt-get install prometheus"
    address = f"127.0.0.1:{free_port()}"
    configuration = folder / "prometheus.yml"
    shutil.copy(FIXTURE / "prometheus" / "prometheus.yml", configuration)
    command = [PROGRAM, f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'series'}"]
    with (folder / "prometheus.log").open("wb") as log:
        command += [f"--web.listen-address={address}", "--log.level=warn"]
        process = spawn(command, folder=folder, environment=os.environ, log=log, account=None)
    try:
        _await(f"http://{address}/-/ready", process, folder / "prometheus.log")
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"Prometheus does not start: {log.read_text()}")
