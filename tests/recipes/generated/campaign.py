"""Many generated cases, batch by batch, from a seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.recipes.generated.batch import Tally, try_batch
from tests.recipes.generated.migrations import MAKERS, generated

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recipes.generated.migrations import Generated
    from tests.servers.database import RunningServer

BATCH = 10
_SCHEMAS = ("public", "shop", "Größe", "order", 'a"b', "%", "it's", "two words", "x" * 60, "_")


@st.composite
def batches(draw: st.DrawFn) -> list[Generated]:
    """Kinds of migrations evenly: hypothesis likes the first of several too much."""
    chance = random.Random(draw(st.integers(0, 2**62)))
    return [draw(generated(schema, chance.choice(MAKERS))) for schema in _SCHEMAS]


def campaign(server: RunningServer, cases: int, number: int, told: Callable[[Tally], None] = lambda _: None) -> Tally:
    """At least so many cases that held or failed, from a seed; ``told`` hears of each batch."""
    tally = Tally()
    examples = cases * 2 // BATCH + 10  # some are refused

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(batches())
    def one(batch: list[Generated]) -> None:
        if tally.held + len(tally.failed) < cases:
            try_batch(server, batch, tally)
            told(tally)

    one()
    return tally
