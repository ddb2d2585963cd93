"""One process of the app, from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.server import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "fixtures" / "rollouts"
STARTS_WITHIN = 20.0  # seconds
STOPS_WITHIN = 15.0


class Instance:
    """``build`` is a folder of the fixture (v1, v2); ``release`` is what the build is called."""

    def __init__(self, name: str, release: str, build: str, environment: Mapping[str, str]) -> None:
        self.name, self.release, self.port = name, release, free_port()
        own = {"RELEASE": release, "INSTANCE": name, "PORT": str(self.port), "PYTHONPATH": f"{FIXTURE}:{ROOT}"}
        folder = Path(environment["FOLDER"])
        with (folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, str(FIXTURE / build / "app.py")]
            variables = {**os.environ, **environment, **own}
            self.process = spawn(command, folder=folder, environment=variables, log=log, account=None)

    def becomes_ready(self) -> bool:
        """Whether its readiness probe says yes within the time that a start may take; no when it ends before."""
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.is_ready():
                return True
            time.sleep(0.05)
        return False

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def drain(self) -> int:
        """SIGTERM, as every platform sends it, and its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
