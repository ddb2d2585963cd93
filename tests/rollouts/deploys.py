"""A deploy system in small: it starts, replaces and stops instances, and says to haproxy which of them to use.

It is a process of its own, that ``deploy VERB …`` speaks to: pipelines call that where they would call their own.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.rollouts.functions import Functions
from tests.rollouts.haproxy import Haproxy
from tests.rollouts.instance import Instance

if TYPE_CHECKING:
    from collections.abc import Callable

BUILDS = {"7.1": "v1"}  # every other release knows the new name
CANARY = "canary"
TRIES = 3  # starts of one instance until its rollout is given up


class Refused(Exception):
    """What could not be done; everything is as it was before."""


class Deploys:
    """Verbs are methods; they print nothing and raise Refused with what a person has to know."""

    def __init__(self, haproxy: Haproxy) -> None:
        self.haproxy = haproxy
        self.free = haproxy.servers()
        self.running: dict[str, tuple[Instance, str]] = {}  # with the server of haproxy's that it is behind
        self.crashes: dict[str, int] = {}
        self.builds = dict(BUILDS)
        self.functions = Functions(haproxy, self.free, self.builds)
        self.busy = threading.RLock()  # pipelines and the guard's webhook may speak at once

    def start(self, name: str, release: str) -> None:
        """Start an instance, as "web-1" in the pool "web"; it gets traffic once it is ready."""
        self.running[name] = self._up(name, release)

    def replace(self, name: str, release: str) -> None:
        """Start the new one beside the old one, let it in, then drain the old one. Done already: nothing happens."""
        old, server = self.running[name]
        if old.release == release:
            return
        self.running[name] = self._up(name, release)
        self._down(old, server)

    def stop(self, name: str) -> None:
        self._down(*self.running.pop(name))

    def idle(self) -> str:
        """The colour without traffic."""
        return "green" if self.haproxy.colour() == "blue" else "blue"

    def fill(self, colour: str, release: str) -> None:
        """Two instances of a release in one colour."""
        for number in (1, 2):
            self.start(f"{colour}-{number}", release)

    def switch(self, colour: str) -> None:
        """All traffic to that colour, in one go."""
        self.haproxy.switch(colour)

    def empty(self, colour: str) -> None:
        """Stop what runs in a colour. Refused for the one that has the traffic."""
        if colour == self.haproxy.colour():
            raise Refused(f"{colour} has the traffic")
        for name in [name for name in self.running if name.startswith(colour)]:
            self.stop(name)

    def weigh_canary(self, percent: str) -> None:
        """That share of the traffic to the canary's instances, and the rest to all others."""
        share, canaries = int(percent), sum(name.startswith(CANARY) for name in self.running)
        for name, (_, server) in self.running.items():
            of_canary = name.startswith(CANARY)
            weight = share * (len(self.running) - canaries) if of_canary else (100 - share) * canaries
            self.haproxy.weigh(server, weight)

    def withdraw_canary(self) -> None:
        """All traffic away from the canary, and an end to it."""
        self.weigh_canary("0")
        for name in [name for name in self.running if name.startswith(CANARY)]:
            self.stop(name)

    def promote_canary(self) -> None:
        """Stop all others; they have no traffic any more."""
        for name in [name for name in self.running if not name.startswith(CANARY)]:
            self.stop(name)

    def hear(self, verdict: dict[str, Any]) -> None:
        """What a guard says: a release that is not well is withdrawn."""
        if verdict["verdict"] != "well":
            self.withdraw_canary()

    def is_built(self, release: str, build: str) -> None:
        """A release is made from this folder of the fixture instead."""
        self.builds[release] = build

    def will_crash(self, name: str, times: str) -> None:
        """The next so many starts of this instance end before it is ready."""
        self.crashes[name] = int(times)

    def list(self) -> str:
        """Each instance and its release, a line each."""
        return "".join(f"{name} {instance.release}\n" for name, (instance, _) in sorted(self.running.items()))

    def _up(self, name: str, release: str) -> tuple[Instance, str]:
        for _ in range(TRIES):
            crash = {"CRASHES": "1"} if self.crashes.get(name, 0) > 0 else {}
            self.crashes[name] = self.crashes.get(name, 0) - 1
            build = self.builds.get(release, "v2")
            instance = Instance(f"{name}-{release}", release, build, {**os.environ, **crash})
            if instance.becomes_ready():
                return instance, self._let_in(name, instance)
            instance.drain()
        raise Refused(f"{name}: {release} did not become ready, {TRIES} times; what was there serves on")

    def _let_in(self, name: str, instance: Instance) -> str:
        """The server that it is behind: of the pool that is called as it, or the only one. A canary has no weight."""
        pool = name.partition("-")[0]
        server = next((server for server in self.free if server.startswith(f"{pool}/")), self.free[0])
        self.free.remove(server)
        self.haproxy.put_behind(server, instance.port, weight=0 if pool == CANARY else 100)
        return server

    def _down(self, instance: Instance, server: str) -> None:
        """Its own probe takes it out of the balancer; nobody else has to."""
        code = instance.drain()
        self.haproxy.take_away(server)
        self.free.append(server)
        if code:
            raise Refused(f"{instance.name} did not stop well: exit code {code}")


class Answering(socketserver.StreamRequestHandler):
    """One line of words in, one line with an exit code and a text out."""

    deploys: Deploys

    def handle(self) -> None:
        verb, *words = json.loads(self.rfile.readline())
        try:
            whose = self.deploys if hasattr(self.deploys, verb) else self.deploys.functions
            does: Callable[..., str | None] = getattr(whose, verb)
            with self.deploys.busy:
                code, text = 0, does(*words) or ""
                scrape(self.deploys)
        except (Refused, AssertionError) as error:
            code, text = 1, f"deploy: {error}\n"
        self.wfile.write(json.dumps([code, text]).encode() + b"\n")


class Hearing(BaseHTTPRequestHandler):
    """The webhook of ``zdmigrate guard``, and the list of published versions for its gate."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(Answering.deploys.functions.live()).encode())

    def do_POST(self) -> None:
        verdict = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Answering.deploys.busy:
            Answering.deploys.hear(verdict)
            scrape(Answering.deploys)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def scrape(deploys: Deploys) -> None:
    """Tell Prometheus what there is to scrape, in the file that it watches."""
    targets = [
        {
            "targets": [f"127.0.0.1:{instance.port}"],
            "labels": {"stage": CANARY if name.startswith(CANARY) else "stable", "release": instance.release},
        }
        for name, (instance, _) in deploys.running.items()
    ]
    file = Path(os.environ["FOLDER"]) / "targets.json"
    file.with_suffix(".new").write_text(json.dumps(targets))
    file.with_suffix(".new").replace(file)


def main(address: str, control: str, port: str) -> None:
    """Listen at ``address`` for verbs, and at ``port`` for zdmigrate, until killed; instances die with this process."""
    # A shell's background job ignores it, and so would each instance, which it ends together with this process.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    Answering.deploys = Deploys(Haproxy(control))
    hearing = HTTPServer(("127.0.0.1", int(port)), Hearing)
    threading.Thread(target=hearing.serve_forever, daemon=True).start()
    with socketserver.UnixStreamServer(address, Answering) as server:
        server.serve_forever(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
