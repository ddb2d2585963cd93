"""Reads what ``http``, ``command`` and ``file`` sources answer: JSON, in the shapes that docs/live.md names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zdmigrate.live.sighting import Seen, SourceSilent

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = frozenset({"version", "instance", "running", "weight", "note"})


def read_answer(text: str, origin: str) -> list[Seen]:
    """The instances of an answer; an empty list says that none runs. Raises SourceSilent for anything else.

    ``["7.1", "7.2"]``, or ``[{"version": "7.2", "instance": "web-1", "weight": 0.1}, …]``, or an object with such a
    list as its ``instances``. No answer at all is not the same as the answer that nothing runs.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceSilent(f"{origin} is not JSON: {_beginning(text)}") from None
    listed = told.get("instances") if isinstance(told, dict) else told
    if not isinstance(listed, list):
        raise SourceSilent(f"{origin} has no list of instances: {_beginning(text)}")
    return [_seen(one, origin) for one in listed]


def _seen(told: Any, origin: str) -> Seen:
    fields = {"version": told} if isinstance(told, str) else told
    if not isinstance(fields, dict) or not all(_fits(key, fields.get(key)) for key in KEYS):
        raise SourceSilent(f"{origin} has an instance that cannot be read: {_beginning(json.dumps(told))}")
    version = fields["version"]
    return Seen(
        version=version,
        instance=fields.get("instance") or version,
        running=fields.get("running") is not False,
        weight=fields.get("weight"),
        note=fields.get("note"),
    )


def _fits(key: str, value: Any) -> bool:
    """Whether a key has the type that it must have; all but the version may be left out, or be null."""
    if key == "version":
        return isinstance(value, str) and bool(value.strip())
    if value is None:
        return True
    if key == "running":
        return isinstance(value, bool)
    if key == "weight":
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return isinstance(value, str)


def _beginning(text: str) -> str:
    shown = " ".join(text.split())
    return (shown[:77] + "…" if len(shown) > 78 else shown) or "nothing"


def read_lines(text: str) -> Iterator[Seen]:
    """One instance a line: its version, and after a space its name if it has one."""
    for line in text.splitlines():
        version, _, instance = line.strip().partition(" ")
        if version:
            yield Seen(version, instance.strip() or version)
