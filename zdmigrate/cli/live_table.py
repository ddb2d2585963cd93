"""Live versions as a table, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.cli.tables import draw
from zdmigrate.live.ages import ago

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.live.sighting import Sighting


def render(app: str, seen: Sequence[Sighting], retired: frozenset[str]) -> str:
    """One line an instance."""
    if not seen:
        return f"no instance of {app} was seen lately\nnext: zdmigrate live beat --release VERSION --instance NAME"
    return draw(
        ["Version", "Instance", "State", "Last seen", "Source", "Note"],
        (
            [one.version, one.instance, one.state, ago(one.age), one.source, "; ".join(_notes(one, retired))]
            for one in seen
        ),
    )


def _notes(one: Sighting, retired: frozenset[str]) -> Iterator[str]:
    if one.version in retired and one.state != "left":
        yield "RETIRED, must stop"
    if one.why:
        yield one.why


def as_json(app: str, seen: Sequence[Sighting], retired: frozenset[str]) -> dict[str, Any]:
    """The same, for scripts."""
    told = [
        {
            "version": one.version,
            "instance": one.instance,
            "state": one.state.value,
            "source": one.source,
            "first_seen": one.first_seen.isoformat(),
            "last_seen": one.last_seen.isoformat(),
            "seconds_since": round(one.age, 3),
            "retired": one.version in retired,
            "why": one.why,
        }
        for one in seen
    ]
    return {"version": 1, "app": app, "instances": told}
