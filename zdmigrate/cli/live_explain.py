"""What ``live explain`` says of a version, for a person and for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.live.tally import explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.live.sighting import Sighting
    from zdmigrate.live.tally import Tally

UNSEEN = "nothing of it was seen lately"


def render(config: Config, version: str, counted: Tally | None, seen: Sequence[Sighting]) -> Iterator[str]:
    """Whose gate it holds and why; then a line for each instance."""
    if counted is None:
        yield f"nothing of {version} was seen lately: it holds no gate"
    elif not counted.holds:
        yield f"{version} holds no gate: {counted.why}"
    else:
        yield f"{version} holds {', '.join(counted.holds)}: {counted.why}"
        yield from (f"- {sentence}" for sentence in explain(seen, config.gate))


def as_json(config: Config, version: str, counted: Tally | None, seen: Sequence[Sighting]) -> dict[str, Any]:
    """The same; an instance of a version that holds no gate has nothing that must happen."""
    must = explain(seen, config.gate) if counted and counted.holds else [None] * len(seen)
    return {
        "version": 1,
        "app": config.app,
        "release": version,
        "holds": list(counted.holds) if counted else [],
        "why": counted.why if counted else UNSEEN,
        "seconds_left": counted.seconds_left if counted else None,
        "instances": [
            {
                "instance": one.instance,
                "source": one.source,
                "state": one.state.value,
                "running": one.running,
                "seconds_since": round(one.age, 3),
                "must_happen": sentence,
            }
            for one, sentence in zip(seen, must, strict=True)
        ],
    }
