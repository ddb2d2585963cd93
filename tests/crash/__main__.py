"""The crash matrix: ``python -m tests.crash [--minutes M] [--seed S] [--points N] [--fault F] [--major V] [NAME…]``.

Every recipe's case and every story of fixtures/ goes through expand, contract and revert, and is ended by a kill, a cut
and a restart, between any two messages of the client; or at ``--points`` of them, drawn by the seed. Prints a line
for each way and, last, ``points tried / survived``. What it printed stands in docs/reliability.md.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.subjects import journeys, of_case
from tests.recipes.cases import CASES
from tests.servers.choose import SETTINGS
from tests.servers.database import RunningServer
from tests.servers.majors import binaries_of
from tests.stories.crash import Crashes, Fault, Tally
from tests.stories.harness import FIXTURES, shop_schema
from tests.stories.runners import Forge
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stories.crash import Crash

STORY = "rename_column"
NEWEST = 18  # some cases are of what no older server has


def main() -> int:
    asked = _arguments()
    whole, began = Tally(), time.monotonic()
    with ExitStack() as held:
        server = held.enter_context(Server.start(binaries_of(asked.major), settings=SETTINGS))
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        forge = held.enter_context(Forge(folder))

        def restart() -> None:
            server.crash()
            server.restart()

        chance, running = random.Random(asked.seed), RunningServer(server.dsn(), server.major)
        for crash in _crashes(_subjects(asked, chance), running, folder):
            if time.monotonic() - began > asked.minutes * 60:
                break
            whole.add(_tally(Crashes(running, forge, crash, restart), asked, chance))
            running.drop(running.templates.pop(f"crash_{crash.name}"))
    for failure in whole.failures:
        print(f"\n{failure.point}\n{failure.why}")
    took = (time.monotonic() - began) / 60
    print(f"{time.strftime('%Y-%m-%d')}, PostgreSQL {asked.major}, seed {asked.seed}, {took:.0f} minutes\n{whole}")
    return int(bool(whole.failures))


def _tally(crashes: Crashes, asked: argparse.Namespace, chance: random.Random) -> Tally:
    points, whole = crashes.points(), Tally()
    for fault in asked.fault or Fault:
        some = chance.sample(points, min(asked.points or len(points), len(points)))
        tally = crashes.try_all(some, Fault(fault))
        print(f"{crashes.crash.name}, {Fault(fault).value}: {tally}", flush=True)
        whole.add(tally)
    return whole


def _crashes(subjects: list[str], server: RunningServer, folder: Path) -> Iterator[Crash]:
    cases = {case.name: case for case in CASES}
    for subject in subjects:
        with ExitStack() as held:
            if subject == STORY:
                yield from _story()
            else:
                (folder / subject).mkdir()
                yield from of_case(cases[subject], server, folder / subject, held)


def _story() -> list[Crash]:
    build: Callable[..., object] = lambda connection: connection.execute(shop_schema(150).encode())  # noqa: E731
    [file] = (FIXTURES / STORY / "migrations").iterdir()
    return journeys(STORY, build, file)


def _subjects(asked: argparse.Namespace, chance: random.Random) -> list[str]:
    names = [STORY, *(case.name for case in CASES if asked.major == NEWEST or case.for_every_major)]
    if unknown := set(asked.names) - set(names):
        sys.exit(f"no story and no case of PostgreSQL {asked.major} is called {', '.join(sorted(unknown))}")
    return list(asked.names) or chance.sample(names, len(names))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("names", nargs="*", metavar="NAME", help="stories and cases; all unless named")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further way after so many")
    parser.add_argument("--seed", type=int, default=1, help="which points, and in which order")
    parser.add_argument("--points", type=int, default=0, help="so many of a way for each fault; 0 for all")
    parser.add_argument("--fault", action="append", choices=[each.value for each in Fault], help="one; else all three")
    parser.add_argument("--major", type=int, default=NEWEST, choices=[14, 15, 16, 17, 18], help="of the server")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
