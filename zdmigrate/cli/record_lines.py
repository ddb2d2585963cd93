"""Entries of the ledger's record as a person reads them, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zdmigrate.ledger.record import Entry


def render(entries: Iterable[Entry]) -> Iterator[str]:
    """Lines: who, as often as that changes or the day does, and below it what was done when."""
    before = ""
    for entry in entries:
        head = f"{entry.at.astimezone():%Y-%m-%d}  {who(entry)}"
        if head != before:
            yield head
            before = head
        yield f"  {line(entry)}"


def who(entry: Entry) -> str:
    """The actor, where the connection came from, and the program's version."""
    where = f", from {entry.address}" if entry.address else ""
    program = f", zdmigrate {entry.program}" if entry.program else ""
    return f"{entry.actor}{where}{program}"


def line(entry: Entry) -> str:
    """One entry without its actor."""
    change = f"{entry.change}  " if entry.change else ""
    return f"{entry.at.astimezone():%H:%M:%S}  {change}{what(entry)}"


def what(entry: Entry) -> str:
    """What was done, in words; an action that this program does not know is told as it stands."""
    told = _WORDS.get(entry.action)
    return told(entry.detail) if told else " ".join([entry.action, *_rest(entry.detail)])


def as_json(entry: Entry) -> dict[str, Any]:
    """Everything that the ledger keeps of it."""
    return {**entry._asdict(), "at": entry.at.isoformat()}


def _took(detail: dict[str, Any]) -> str:
    parts = [f"took {_seconds(detail['seconds'])}"]
    if "held" in detail:
        locks = ", ".join(f"{mode} on {table}" for table, mode in detail.get("locks", {}).items())
        parts.append(f"waited {_seconds(detail['waited'])} for {locks or 'its lock'}")
        parts.append(f"held it {_seconds(detail['held'])}")
    if detail.get("rows") is not None:
        parts.append(counted(detail["rows"], "row"))
    if detail.get("tries", 1) > 1:
        parts.append(f"{detail['tries']} tries")
    note = f" ({detail['note']})" if detail.get("note") else ""
    return f"{_step(detail)} {', '.join(parts)}{note}"


def _step(detail: dict[str, Any]) -> str:
    return f"{detail['phase']} step {detail['step']}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _rest(detail: dict[str, Any]) -> Iterator[str]:
    for name, value in detail.items():
        yield f"{name}={', '.join(map(str, value)) if isinstance(value, list) else value}"


def _health(detail: dict[str, Any]) -> str:
    if detail["well"]:
        return f"was well for {_seconds(detail['seconds'])}"
    return f"is not well: {'; '.join(detail['breaches'])}"


def _before(detail: dict[str, Any]) -> str:
    return f"before the rollout of {detail['release']}" if "release" in detail else "before the expand"


def _measured(measured: dict[str, float]) -> Iterator[str]:
    return (f"{name} {value:.4g}" for name, value in measured.items())


def _begun(phase: str) -> Callable[[dict[str, Any]], str]:
    return lambda detail: f"{phase} begins" + (f", by release {detail['release']}" if "release" in detail else "")


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "step": lambda detail: f"{_step(detail)} of {detail['of']} done ({detail['place']})",
    "took": _took,
    "failed": lambda detail: f"{_step(detail)} failed: {detail['why']}",
    "no lock": lambda detail: f"{_step(detail)} got no lock: {detail['why']}",
    "expanding": _begun("expand"),
    "contracting": _begun("contract"),
    "reverting": _begun("revert"),
    "expanded": lambda _: "is expanded",
    "contracted": lambda _: "is contracted",
    "reverted": lambda _: "is reverted",
    "resumed": lambda detail: f"goes on: {detail['state']}",
    "release": lambda d: f"release {d['version']} is registered, with {counted(len(d['changes']), 'change')}",
    "bind": lambda detail: f"is bound to release {detail['release']}, before to {detail['before']}",
    "retire": lambda d: f"release {d['version']}: {', '.join(d['instances'])} retired, because {d['why']}",
    "gate shut": lambda d: f"the gate is shut for release {d['release']}: {', '.join([*d['codes'], *d['versions']])}",
    "guard": lambda detail: f"the rollout of {detail['release']} " + _health(detail),
    "guard baseline": lambda detail: f"{_before(detail)}: {', '.join(_measured(detail['measured']))}",
    "force": lambda detail: f"the gate is forced for release {detail['release']}, because {detail['why']}",
    "takeover": lambda detail: f"the lease {detail['lease']!r} is taken over from a runner that stood still",
}
