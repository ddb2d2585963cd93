"""A shop that is looked at by sources, and what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.live.shop import AT_ONCE
from zdmigrate.config import Config, LiveSource
from zdmigrate.live.observe import ask, observe
from zdmigrate.live.sources import sources_of
from zdmigrate.live.standing import sightings_of

if TYPE_CHECKING:
    from tests.live.shop import Shop
    from tests.servers.database import Connection
    from zdmigrate.live.sighting import Seen


def config(*tables: dict[str, Any], **gate: Any) -> Config:
    """A shop's configuration with these ``[[live]]`` tables."""
    live = tuple(
        LiveSource(source=table["source"], options={key: value for key, value in table.items() if key != "source"})
        for table in tables
    )
    return Config(app="shop", gate=AT_ONCE.changed(**gate), live=live)


def seen(connection: Connection, table: dict[str, Any]) -> list[Seen]:
    """What one source tells now, by version and instance; it must answer."""
    [answer] = ask(connection, sources_of(config(table)))
    assert answer.failure is None, answer.failure
    return sorted(answer.seen)


def failure(connection: Connection, table: dict[str, Any]) -> str:
    """Why one source does not answer now."""
    [answer] = ask(connection, sources_of(config(table)))
    assert answer.failure is not None, answer.seen
    return answer.failure


def states(shop: Shop, settings: Config) -> dict[tuple[str, str], str]:
    """The state of each version's instance, as the gate would see it without looking."""
    found = sightings_of(shop.connection, settings, [shop.app])
    return {(sighting.version, sighting.instance): sighting.state.value for sighting in found}


def look(shop: Shop, settings: Config) -> dict[tuple[str, str], str]:
    """Look, and tell the states."""
    observe(shop.connection, settings)
    return states(shop, settings)
