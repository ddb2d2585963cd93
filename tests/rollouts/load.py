"""Clients that never pause for long: every request that fails is counted, every write is remembered."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENTS = 4
PAUSE = 0.02  # seconds between two requests of one client
ENOUGH = 30.0  # seconds in which any number of requests that is waited for has been made


class Client(threading.Thread):
    """One connection that is kept alive. It owns its users: what it wrote last must be what is read."""

    def __init__(self, port: int, number: int, users: Sequence[int]) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.chance, self.number, self.users = random.Random(number), number, list(users)
        self.door = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        self.names: dict[int, str] = {}
        self.failures: list[str] = []
        self.served: dict[str, int] = {}  # requests by the release that answered
        self.longest = 0.0
        self.halt = threading.Event()
        self.awake = threading.Event()
        self.awake.set()

    def run(self) -> None:
        while not self.halt.wait(PAUSE):
            self.awake.wait()
            match self.chance.randrange(10):
                case 0:
                    self._join()
                case 1 | 2 | 3:
                    self._rename()
                case _:
                    self._read()
        self.door.close()

    def _join(self) -> None:
        name = self._new_name()
        number = self._ask("POST", "/users", 201, json.dumps([f"{name}@example.com", name]))
        if number is not None:
            self.users.append(int(number))
            self.names[int(number)] = name

    def _rename(self) -> None:
        user, name = self.chance.choice(self.users), self._new_name()
        if self._ask("PUT", f"/users/{user}", 204, name) is not None:
            self.names[user] = name

    def _read(self) -> None:
        user = self.chance.choice(self.users)
        found = self._ask("GET", f"/users/{user}", 200)
        if found is not None and user in self.names and found != self.names[user]:
            self.failures.append(f"user {user} is called {found!r}, and was called {self.names[user]!r}")

    def _new_name(self) -> str:
        return f"{self.number}-{self.chance.randrange(10**12)}"

    def _ask(self, method: str, path: str, code: int, body: str | None = None) -> str | None:
        """The answer, or None for a failed request."""
        began = time.monotonic()
        try:
            self.door.request(method, path, body)
            answer = self.door.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.door.close()
            self.failures.append(f"{method} {path}: {type(error).__name__} {error}")
            return None
        self.longest = max(self.longest, time.monotonic() - began)
        release = answer.headers.get("X-Version", "none")
        self.served[release] = self.served.get(release, 0) + 1
        if answer.status == code:
            return text
        self.failures.append(f"{method} {path}: {answer.status} from {release}: {text}")
        return None


class Load:
    """Some clients at once; what they have seen is theirs together."""

    def __init__(self, port: int, users: int) -> None:
        self.clients = [Client(port, number, range(number + 1, users + 1, CLIENTS)) for number in range(CLIENTS)]

    def __enter__(self) -> Self:
        for client in self.clients:
            client.start()
        self.goes_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        for client in self.clients:
            client.halt.set()
            client.awake.set()
        for client in self.clients:
            client.join(ENOUGH)
            assert not client.is_alive(), f"{client.name} hangs"

    def rests(self) -> None:
        """No request from now on, until it ``wakes``."""
        for client in self.clients:
            client.awake.clear()

    def wakes(self) -> None:
        for client in self.clients:
            client.awake.set()
        self.goes_on()

    def goes_on(self, requests: int = 60) -> None:
        """Return when so many further requests were made."""
        until, deadline = self.requests + requests, time.monotonic() + ENOUGH
        while self.requests < until:
            assert time.monotonic() < deadline, f"only {self.requests} requests of {until}: {self.failures[:3]}"
            time.sleep(0.02)

    @property
    def requests(self) -> int:
        return sum(sum(client.served.values()) for client in self.clients)

    @property
    def failures(self) -> list[str]:
        return [failure for client in self.clients for failure in client.failures]

    @property
    def names(self) -> dict[int, str]:
        return {user: name for client in self.clients for user, name in client.names.items()}

    @property
    def longest(self) -> float:
        """Seconds that the slowest request took."""
        return max(client.longest for client in self.clients)

    def served(self) -> dict[str, int]:
        """Requests by the release that answered them."""
        releases = {release for client in self.clients for release in list(client.served)}
        return {release: sum(client.served.get(release, 0) for client in self.clients) for release in sorted(releases)}
