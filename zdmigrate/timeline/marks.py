"""Moments of the record that a time line marks: verdicts of gates and guards, and what people did about releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from zdmigrate.ledger.record import Entry


class Mark(NamedTuple):
    """One moment. ``kind`` is good, bad or plain; ``change`` is None where it is about the app as a whole."""

    at: datetime
    kind: str
    change: str | None
    text: str


def mark_of(entry: Entry) -> Mark | None:
    """The mark of an entry; None for one that a time line does not show by itself."""
    told = _WORDS.get(entry.action)
    if told is None:
        return None
    kind, words = told(entry.detail)
    return Mark(entry.at, kind, entry.change, words)


def _release(detail: dict[str, Any]) -> tuple[str, str]:
    return "plain", f"release {detail['version']} is registered"


def _opened(detail: dict[str, Any]) -> tuple[str, str]:
    return "good", f"the gate is open for {detail['release']}" if "release" in detail else "the contract begins"


def _shut(detail: dict[str, Any]) -> tuple[str, str]:
    versions = f" ({', '.join(detail['versions'])})" if detail["versions"] else ""
    return "bad", f"the gate is shut for {detail['release']}: {', '.join(detail['codes'])}{versions}"


def _guard(detail: dict[str, Any]) -> tuple[str, str]:
    if detail["well"]:
        return "good", f"the app was well in the rollout of {detail['release']}"
    return "bad", f"the app is not well in the rollout of {detail['release']}: {'; '.join(detail['breaches'])}"


_WORDS: dict[str, Callable[[dict[str, Any]], tuple[str, str]]] = {
    "release": _release,
    "bind": lambda detail: ("plain", f"is bound to {detail['release']}"),
    "expanded": lambda _: ("good", "is expanded"),
    "contracting": _opened,
    "contracted": lambda _: ("good", "is contracted"),
    "reverted": lambda _: ("bad", "is reverted"),
    "gate shut": _shut,
    "guard": _guard,
    "force": lambda detail: ("bad", f"the gate is forced: {detail['why']}"),
    "failed": lambda detail: ("bad", f"{detail['phase']} step {detail['step']} failed"),
    "no lock": lambda detail: ("bad", f"{detail['phase']} step {detail['step']} got no lock"),
    "retire": lambda detail: ("plain", f"{detail['version']} is said to be gone: {detail['why']}"),
}
