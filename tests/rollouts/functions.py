"""A platform in small that runs published versions only while they are called, behind an alias with weights."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.rollouts.instance import ROOT
from zdmigrate.embedded.lifeline import spawn
from zdmigrate.embedded.server import free_port

if TYPE_CHECKING:
    import subprocess

    from tests.rollouts.haproxy import Haproxy


class Functions:
    """Verbs are methods. ``free`` are servers of haproxy's, ``builds`` the folders of releases that are not v2."""

    def __init__(self, haproxy: Haproxy, free: list[str], builds: dict[str, str]) -> None:
        self.haproxy, self.free, self.builds = haproxy, free, builds
        self.published: dict[str, tuple[subprocess.Popen[bytes], str]] = {}  # with its server
        self.weights: dict[str, int] = {}

    def publish(self, release: str) -> None:
        """From now on one call starts it; it has no share of the traffic yet."""
        port, server, folder = free_port(), self.free.pop(0), ROOT
        command = [sys.executable, "-m", "tests.rollouts.activator", str(port), release, self.builds.get(release, "v2")]
        listens = Path(os.environ["FOLDER"]) / f"{release}.listens"  # a call, to find that out, would start it
        listens.unlink(missing_ok=True)
        process = _started(command, folder)
        while not listens.exists():
            assert process.poll() is None, f"{release} cannot be published"
            time.sleep(0.01)
        self.published[release] = process, server
        self.weights[release] = 0
        self.haproxy.put_behind(server, port, weight=0)

    def alias(self, release: str, percent: str) -> None:
        """That share of the traffic to a release, and the rest to the one that has most of it now."""
        others = sorted((weight, other) for other, weight in self.weights.items() if other != release)
        self.weights = dict.fromkeys(self.weights, 0) | {release: int(percent)}
        if others:
            self.weights[others[-1][1]] = 100 - int(percent)
        for version, weight in self.weights.items():
            self.haproxy.weigh(self.published[version][1], weight)

    def unpublish(self, release: str) -> None:
        """It cannot be called any more."""
        process, server = self.published.pop(release)
        assert not self.weights.pop(release), f"{release} has traffic"
        self.haproxy.take_away(server)
        process.terminate()
        process.wait()

    def live(self) -> list[dict[str, Any]]:
        """What the gate is told, in the shape of its source ``http``."""
        return [
            {"version": release, "instance": f"alias/live:{release}", "running": weight > 0, "weight": weight / 100}
            for release, weight in self.weights.items()
        ]


def _started(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with open(os.devnull, "wb") as log:  # noqa: PTH123 - a device
        return spawn(command, folder=folder, environment=os.environ, log=log, account=None)
