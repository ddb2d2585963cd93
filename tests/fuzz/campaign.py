"""Cases for as long as is asked, in a process of their own: one that ends the process with it is a finding, too."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count, takewhile
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from tests.fuzz.mutate import case
from tests.fuzz.properties import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOLD = 0.1  # seconds: what took less is not written down
SLOW = 1.0  # seconds of the processor for linting one case
STUCK = 60.0  # seconds by the clock, for all properties of one case, on a machine that others use
ROOT = Path(__file__).resolve().parents[2]


class Problem(NamedTuple):
    """``number`` and the seed make the same case again."""

    number: int
    what: str


class Result(NamedTuple):
    cases: int
    slowest: float
    problems: list[Problem]


def text_of(seed: int, number: int) -> str:
    return case(Random(f"{seed}:{number}"))


def run(seed: int, seconds: float, *, module: str = "tests.fuzz") -> Result:
    """Cases in child processes until the time is over; after a case that ends its process, on with the next."""
    end = time.monotonic() + seconds
    cases, slowest, problems = 0, 0.0, list[Problem]()
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        while (left := end - time.monotonic()) > 0 and len(problems) < 100:
            log.write_text("")
            what = _child(module, seed, cases, left, log)
            # line: the case's number, the seconds that it took, what is said of it
            lines = [line.split(" ", 2) for line in log.read_text("utf-8").splitlines()]
            cases = max([cases, *(int(number) + 1 for number, _, _ in lines)])
            slowest = max([slowest, *(float(took) for _, took, _ in lines if took != "-")])
            problems += [Problem(int(number), told) for number, _, told in lines if told not in ("begun", "done")]
            if not what:
                break
            problems.append(Problem(cases - 1, what))
    return Result(cases, slowest, problems)


def _child(module: str, seed: int, first: int, seconds: float, log: Path) -> str:
    """Run one child to its end, or to the case that takes it down; what did so."""
    arguments = [sys.executable, "-X", "faulthandler", "-m", module, "--child", str(log)]
    arguments += ["--seed", str(seed), "--first", str(first), "--seconds", str(seconds)]
    with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE) as child:
        seen, since = -1, time.monotonic()
        while child.poll() is None:
            time.sleep(0.05)
            if (size := log.stat().st_size) != seen:
                seen, since = size, time.monotonic()
            elif time.monotonic() - since > STUCK:
                child.kill()
                child.wait()
                return f"stuck for {STUCK:.0f} s"
        told = child.stderr.read().decode(errors="replace") if child.stderr else ""
    return f"the process ended with {child.returncode}: {' '.join(told.split())[:300]}" if child.returncode else ""


def child(seed: int, numbers: Iterable[int], log: Path) -> None:
    """Check one case after the other; a line in ``log`` before each case, since it may be the last."""
    with log.open("a", encoding="utf-8", buffering=1) as lines:
        for number in numbers:
            lines.write(f"{number} - begun\n")
            took, told = checked(text_of(seed, number))
            if told or took > TOLD:
                lines.write(f"{number} {took:.3f} {told or 'done'}\n")


def numbers_for(seconds: float, first: int) -> Iterator[int]:
    """The numbers from ``first`` on until the time is over."""
    end = time.monotonic() + seconds
    return takewhile(lambda _: time.monotonic() < end, count(first))


def checked(text: str) -> tuple[float, str]:
    """The seconds that linting took, and what is wrong; empty where nothing is."""
    try:
        took = check(text)
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked for
        return 0.0, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return took, f"took {took:.1f} s" if took > SLOW else ""
