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

    from tests.servers.database import RunningServer

BATCH = 10
_SCHEMAS = ("public", "shop", "Größe", "order", 'a"b', "%", "it's", "two words", "x" * 60, "_")


def campaign(server: RunningServer, cases: int, number: int, told: Callable[[Tally], None] = lambda _: None) -> Tally:
    """At least so many cases that held or failed, from a seed; ``told`` hears of each batch."""
    tally, chance = Tally(), random.Random(number)  # hypothesis likes the first of several too much
    examples = cases * 2 // BATCH + 10  # some are refused

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def one(data: st.DataObject) -> None:
        if tally.held + len(tally.failed) < cases:
            try_batch(server, [data.draw(generated(each, chance.choice(MAKERS))) for each in _SCHEMAS], tally)
            told(tally)

    one()
    return tally
