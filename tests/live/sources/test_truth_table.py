"""The truth table of a source outside of the ledger: how it was looked at, whom it saw, and what the gate says."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.shop import HOUR, MINUTE
from tests.live.sources.looking import config
from zdmigrate.duration import Duration
from zdmigrate.live import gate
from zdmigrate.live.sources import sources_of
from zdmigrate.live.standing import look_around
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from tests.live.shop import Shop
    from zdmigrate.live.standing import Standing

TABLE = {"source": "file", "path": "never read"}
SETTINGS = config(TABLE, rollback_window=Duration(30 * MINUTE * 1000))

LOOKED_AT = {  # seconds since the first and since the last look without a gap, whether it failed since; the reason
    "never": (None, None, True, Code.SOURCE_SILENT),
    "through a window": (HOUR, 1, False, None),
    "through a window, and then it failed": (HOUR, 1, True, Code.SOURCE_SILENT),
    "through a window, and then no more": (3 * HOUR, 2 * MINUTE, False, Code.SOURCE_SILENT),
    "since ten minutes": (10 * MINUTE, 1, False, Code.OBSERVATION_RESTARTED),
}
SEEN = {  # seconds since it was seen last, and since it was found absent
    "never seen": None,
    "listed": (1, None),
    "could start": (1, None),
    "absent since ten minutes": (11 * MINUTE, 10 * MINUTE),
    "absent since an hour": (HOUR + 1, HOUR),
}
OLD = {
    "never seen": None,
    "listed": Code.OLD_VERSION_LIVE,
    "could start": Code.OLD_VERSION_LIVE,
    "absent since ten minutes": Code.OLD_VERSION_SEEN_LATELY,
    "absent since an hour": None,
}
BEATS = {"nobody beats": None, "v1 beats too": Code.OLD_VERSION_LIVE}


@pytest.fixture(autouse=True)
def an_old_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def around(*arguments: Any) -> Standing:
        standing = look_around(*arguments)
        return standing._replace(server_started=standing.now.replace(year=2000))

    monkeypatch.setattr(gate, "look_around", around)


def test_every_combination_has_exactly_its_reasons(shop: Shop) -> None:
    for looked, old, new, beats in product(LOOKED_AT, OLD, SEEN, BEATS):
        with shop.connection.transaction(force_rollback=True):
            window = _look(shop, looked)
            _see(shop, "v1", old)
            _see(shop, "v2", new)
            if beats != "nobody beats":
                shop.seen("v1", 1)
            evidence = new in ("listed", "could start")
            if window == Code.OBSERVATION_RESTARTED and not evidence:
                window = None  # without evidence nobody asks since when it is there
            expected = {window, OLD[old], BEATS[beats], None if evidence else Code.NO_EVIDENCE} - {None}
            said = {reason.code for reason in shop.ask(config=SETTINGS).reasons}
            assert said == expected, (looked, old, new, beats)


def _look(shop: Shop, looked: str) -> Code | None:
    since, last, failed, code = LOOKED_AT[looked]
    [source] = sources_of(SETTINGS)
    if (since, last) != (None, None):
        shop.execute(
            "INSERT INTO zdmigrate.look (source, app, settings, since, last, failure) SELECT 'file', 'shop', %s,"
            " clock_timestamp() - make_interval(secs => %s), clock_timestamp() - make_interval(secs => %s), %s",
            *(source.settings, since, last, "down" if failed else None),
        )
    return code


def _see(shop: Shop, version: str, how: str) -> None:
    told = SEEN[how]
    if told:
        shop.execute(
            "INSERT INTO zdmigrate.sighting (source, app, version, instance, first_seen, last_seen, running, left_at)"
            " SELECT 'file', 'shop', %s, 'web', clock_timestamp() - interval '1 day',"
            " clock_timestamp() - make_interval(secs => %s), %s, clock_timestamp() - make_interval(secs => %s)",
            *(version, told[0], how != "could start", told[1]),
        )
