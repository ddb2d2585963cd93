"""``python -m tests.recipes.generated --cases 5000 --seed 1``: what held, and each case that did not."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import suppress

from tests.recipes.generated.batch import Tally
from tests.recipes.generated.campaign import campaign
from tests.recipes.tenth import commit
from tests.servers.choose import running_server
from zdmigrate.recipes.parts import registry


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.recipes.generated", description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=commit(), help="else the commit's hash is the seed")
    given = parser.parse_args()
    began, failed, tally = time.monotonic(), 0, Tally()

    def told(now: Tally) -> None:
        nonlocal failed, tally
        tally = now
        for each in tally.failed[failed:]:
            print(f"FAILED\n{each}\n", flush=True)
        failed = len(tally.failed)
        print(f"{tally.held} held, {failed} failed", file=sys.stderr, flush=True)

    for name in registry.names():  # now: a long run is not to meet what is edited meanwhile
        registry.load(name)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_server() as server, suppress(KeyboardInterrupt):
        campaign(server, given.cases, given.seed, told)
    for reason, count in tally.refusals.most_common(40):
        print(f"refused {count}: {reason}")
    print(f"{tally}\nseed {given.seed}, PostgreSQL {server.major}, {time.monotonic() - began:.0f} s")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
