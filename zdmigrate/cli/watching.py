"""The loop of ``zdmigrate live watch``: the table once, then a line for each instance whose state changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from zdmigrate.cli.ledger_session import open_ledger
from zdmigrate.cli.live_table import render
from zdmigrate.cli.looking import looks
from zdmigrate.live.instances import list_instances, retired_versions
from zdmigrate.live.observe import observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.live.sighting import Sighting

    States = dict[tuple[str, str], str]


def keep_watching(dsn: str, config: Config, console: Console, every: float) -> None:
    """Watch until interrupted."""
    before = _look(dsn, config, console, show=True)
    for now in looks(lambda: _look(dsn, config, console, show=False), console, every):
        for line in changes(before, now):
            console.result(f"{time.strftime('%H:%M:%S')} {line}")
        before = now


def changes(before: States, now: States) -> Iterator[str]:
    """What became of whom, a line each."""
    for who, state in now.items():
        if before.get(who) != state:
            was = f", was {before[who]}" if who in before else ""
            yield f"{who[0]} {who[1]}: {state}{was}"


def _look(dsn: str, config: Config, console: Console, *, show: bool) -> States:
    with open_ledger(dsn, "live watch") as connection:
        observe(connection, config)
        seen = list_instances(connection, config)
        retired = retired_versions(connection, config.app, {one.version for one in seen})
    if show:
        console.result(render(config.app, seen, retired))
    return {(one.version, one.instance): _state(one, retired) for one in seen}


def _state(one: Sighting, retired: frozenset[str]) -> str:
    return f"{one.state}, retired" if one.version in retired else one.state.value
