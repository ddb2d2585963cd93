"""``python -m tests.fuzz --minutes 10 --seed 1``; with ``--only N`` the text of one case, and what is wrong with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.fuzz.campaign import checked, child, numbers_for, run, text_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--only", type=int, help="the number of one case")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.seed, numbers_for(given.seconds, given.first), given.child)
        return 0
    if given.only is not None:
        text = text_of(given.seed, given.only)
        print(repr(text), *checked(text), sep="\n")
        return 0
    result = run(given.seed, given.minutes * 60)
    for problem in result.problems:
        print(f"case {problem.number}: {problem.what}")
    print(f"{result.cases} cases, slowest {result.slowest:.2f} s, {len(result.problems)} problems, seed {given.seed}")
    return 1 if result.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
