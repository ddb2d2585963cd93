"""Live versions as a table, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.cli.tables import draw
from zdmigrate.live.ages import ago, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from zdmigrate.live.sighting import Sighting
    from zdmigrate.live.tally import Tally


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


def render_versions(counted: Sequence[Tally], now: datetime, retired: frozenset[str]) -> str:
    """One line a version: where it was seen, and since when; then whose gate each holds, and why."""
    rows = (
        [
            one.version,
            one.state,
            f"{one.running} of {one.instances}",
            ago((now - one.first_seen).total_seconds()),
            ago((now - one.last_seen).total_seconds()),
            "" if one.weight is None else f"{one.weight:.0%}",
            ", ".join(one.sources),
        ]
        for one in counted
    )
    table = draw(["Version", "State", "Runs", "First seen", "Last seen", "Weight", "Seen where"], rows)
    return "\n".join([table, "", *(_holds(one, retired) for one in counted)])


def _holds(one: Tally, retired: frozenset[str]) -> str:
    held = f"{one.version} holds {', '.join(one.holds)}" if one.holds else f"{one.version} holds no gate"
    still = f", {span(one.seconds_left)} still" if one.holds and one.seconds_left is not None else ""
    stop = "; it is RETIRED and must stop" if one.version in retired and one.state != "left" else ""
    return f"{held}: {one.why}{still}{stop}"


def _notes(one: Sighting, retired: frozenset[str]) -> Iterator[str]:
    if one.version in retired and one.state != "left":
        yield "RETIRED, must stop"
    if not one.running and one.state == "live":
        yield "could start"
    if one.note:
        yield one.note
    if one.why:
        yield one.why


def versions_as_json(counted: Sequence[Tally], retired: frozenset[str]) -> list[dict[str, Any]]:
    """The versions, for scripts."""
    return [
        {
            **one._asdict(),
            "state": one.state.value,
            "sources": list(one.sources),
            "first_seen": one.first_seen.isoformat(),
            "last_seen": one.last_seen.isoformat(),
            "counts": bool(one.holds),
            "holds": list(one.holds),
            "speaks_for": list(one.speaks_for),
            "retired": one.version in retired,
        }
        for one in counted
    ]


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
            "running": one.running,
            "weight": one.weight,
            "note": one.note,
        }
        for one in seen
    ]
    return {"version": 1, "app": app, "instances": told}
