"""The gate never opens wrongly, nor stays shut when all holds: random histories against a model written apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.live.histories import HISTORIES, Play
from zdmigrate.live import gate
from zdmigrate.live.standing import look_around

if TYPE_CHECKING:
    from tests.live.shop import Shop
    from zdmigrate.live.standing import Standing

FITTED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(autouse=True)
def an_old_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it had been up for long: windows then begin where somebody began to look."""

    def around(*arguments: Any) -> Standing:
        standing = look_around(*arguments)
        return standing._replace(server_started=standing.now.replace(year=2000))

    monkeypatch.setattr(gate, "look_around", around)


def play(shop: Shop, history: tuple[str, list[tuple[str, Any]]]) -> int:
    """Play it and ask after each action; how often the gate was open."""
    kind, actions = history
    opened = 0
    with shop.connection.transaction(force_rollback=True):
        played = Play(shop, kind)
        for action in actions:
            played.act(action)
            for release, said, right, reasons in played.answers():
                assert said == right, (release, said, played.model, reasons)
                opened += said
    return opened


def histories(shop: Shop, count: int, *, derandomize: bool) -> int:
    opened = 0

    @settings(max_examples=count, deadline=None, database=None, derandomize=derandomize, suppress_health_check=FITTED)
    @given(HISTORIES)
    def each(history: tuple[str, list[tuple[str, Any]]]) -> None:
        nonlocal opened
        opened += play(shop, history)

    each()
    return opened


def test_the_gate_says_what_the_model_says(shop: Shop) -> None:
    assert histories(shop, 40, derandomize=True), "no gate was ever open: nothing was tried"


@pytest.mark.long
@pytest.mark.timeout(0)
def test_the_gate_says_what_the_model_says_in_ten_thousand_histories(shop: Shop) -> None:
    assert histories(shop, 10_000, derandomize=False)
