"""A deploy system in small: it starts, replaces and stops instances, and says to haproxy which of them to use.

It is a process of its own, that ``deploy VERB …`` speaks to: pipelines call that where they would call their own.
"""

from __future__ import annotations

import json
import os
import socketserver
import sys
from typing import TYPE_CHECKING

from tests.rollouts.haproxy import Haproxy
from tests.rollouts.instance import Instance

if TYPE_CHECKING:
    from collections.abc import Callable

BUILDS = {"7.1": "v1", "7.2": "v2", "7.3": "v2"}
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
            instance = Instance(f"{name}-{release}", release, BUILDS[release], {**os.environ, **crash})
            if instance.becomes_ready():
                server = next(server for server in self.free if server.startswith(name.partition("-")[0]))
                self.free.remove(server)
                self.haproxy.put_behind(server, instance.port)
                return instance, server
            instance.drain()
        raise Refused(f"{name}: {release} did not become ready, {TRIES} times; what was there serves on")

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
            does: Callable[..., str | None] = getattr(self.deploys, verb)
            code, text = 0, does(*words) or ""
        except (Refused, AssertionError) as error:
            code, text = 1, f"deploy: {error}\n"
        self.wfile.write(json.dumps([code, text]).encode() + b"\n")


def main(address: str, control: str) -> None:
    """Listen at ``address`` until killed; instances die with this process."""
    Answering.deploys = Deploys(Haproxy(control))
    with socketserver.UnixStreamServer(address, Answering) as server:
        server.serve_forever(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
