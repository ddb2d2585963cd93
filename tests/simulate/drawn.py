"""What a seed decides before anything runs: the table, its migration, and every fault with its moment."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from tests.recipes.generated.migrations import MAKERS, generated

if TYPE_CHECKING:
    from tests.recipes.generated.migrations import Generated

SCHEMAS = ("public", "shop", "Größe", "order", 'a"b', "%", "it's", "two words", "x" * 60, "_")
FAULTS = ("kill", "cut", "stop", "term", "restart", "crash", "rival", "slow", "none")
FAULT_WEIGHTS = (6, 4, 3, 2, 1, 1, 3, 2, 2)
BLOCKERS = (  # and autovacuum, which is about all the while
    "idle in transaction", "long select", "vacuum", "pg_dump", "manual index", "prepared transaction",
    "writer in transaction", "lag",
)  # fmt: skip


class Blocker(NamedTuple):
    """Somebody who is in the way, ``after`` seconds of an attempt, for ``seconds``."""

    kind: str
    after: float
    seconds: float


class Attempt(NamedTuple):
    """A run of a command with what goes wrong in it: ``fault`` at the ``at``-th message that the runner sends.

    Most messages look and set; where ``writing``, only those count that write, lock or commit.
    """

    fault: str
    at: int
    writing: bool
    blockers: tuple[Blocker, ...]
    deadline: str
    wakes_after: float  # seconds, where it is stopped

    def __str__(self) -> str:
        blockers = "".join(f"; {b.kind} after {b.after:.2f} s for {b.seconds:.2f} s" for b in self.blockers)
        kind = "writing message" if self.writing else "message"
        return f"{self.fault} at {kind} {self.at}, lock deadline {self.deadline}{blockers}"


class Script(NamedTuple):
    """An episode: attempts that may fail, before the run of each phase that has to succeed."""

    changes: int  # one, or two and three versions
    workers: int  # of a backfill
    rows: int  # more than the few of the drawn table, about
    expand: tuple[Attempt, ...]
    apart: bool  # whether the backfill is a run of its own
    early: bool  # whether a contract is tried while the old version lives
    revert: tuple[Attempt, ...]
    ends: str  # contract, revert, or "both": reverted, and then forth again
    silent: bool  # whether the old version goes without a goodbye
    contract: tuple[Attempt, ...]


def script(number: str) -> Script:
    """The same for the same number, whatever Python's version."""
    chance = random.Random(number)
    return Script(
        changes=chance.choices((1, 2), (2, 1))[0],
        workers=chance.randint(1, 3),
        rows=chance.choice((0, 200, 1_000, 5_000)),
        expand=_attempts(chance),
        apart=chance.random() < 0.25,
        early=chance.random() < 0.6,
        revert=_attempts(chance),
        ends=chance.choices(("contract", "revert", "both"), (6, 2, 2))[0],
        silent=chance.random() < 0.2,
        contract=_attempts(chance),
    )


def _attempts(chance: random.Random) -> tuple[Attempt, ...]:
    return tuple(_attempt(chance) for _ in range(chance.choice((0, 1, 1, 2, 3))))


def _attempt(chance: random.Random) -> Attempt:
    kinds, writing = chance.sample(BLOCKERS, chance.choice((0, 0, 1, 1, 2))), chance.random() < 0.7
    return Attempt(
        fault=chance.choices(FAULTS, FAULT_WEIGHTS)[0],
        at=chance.randint(1, 30) if writing else chance.randint(5, 200),
        writing=writing,
        blockers=tuple(Blocker(kind, chance.uniform(0, 0.6), chance.uniform(0.1, 2.5)) for kind in kinds),
        deadline=chance.choice(("1s", "4s", "30s")),
        wakes_after=chance.uniform(0.2, 4.0),
    )


def cases(number: str, count: int) -> list[Generated]:
    """So many tables with rows, each in a schema of its own, and a migration of each: the same for the same number."""
    chance = random.Random(number)
    return [_case(chance, schema) for schema in chance.sample(SCHEMAS, count)]


def _case(chance: random.Random, schema: str) -> Generated:
    """Hypothesis likes its first examples small, so it is a later one."""
    make, wanted = chance.choice(MAKERS), chance.randint(4, 12)
    drawn: list[Generated] = []

    @seed(chance.randrange(2**60))
    @settings(
        max_examples=wanted, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(generated(schema, make))
    def keep(one: Generated) -> None:
        drawn.append(one)

    # Else it draws what modules spell that are imported by now, too: others in a replay than in the middle of a run.
    with patch.multiple(providers, _get_local_constants=Constants, CONSTANTS_CACHE=LRUCache(1024)):
        keep()
    return drawn[-1]
