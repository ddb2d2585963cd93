"""``python -m tests.simulate --seed 1 --minutes 3``; ``--episode N`` replays one, and tells what was done in it."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import suppress

from tests.simulate.campaign import campaign


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--episode", type=int, help="only this one")
    parser.add_argument("--verbose", action="store_true", help="tell every episode's actions")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    numbers = None if given.episode is None else [given.episode]
    tally = campaign(given.seed, given.minutes * 60, numbers, verbose=given.verbose or given.episode is not None)
    print(f"{tally}\nseed {given.seed}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
