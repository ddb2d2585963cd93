r"""The change as a file: markers, a ``\quit`` above contract, and above each statement why it is there."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.recipes.parts.merge import Rewritten
    from zdmigrate.recipes.parts.phased import Step

_WIDTH = 100
_QUIT = "-- psql -f stops here: what follows is run weeks later, by zdmigrate apply --phase contract.\n\\quit\n"


def printed(change: Rewritten, head: Iterable[str] = ()) -> str:
    """The whole file; ``head`` are lines that stand above all."""
    parts = ["".join(f"{line}\n" for line in (*head, *(line for note in change.notes for line in _comment(note))))]
    quitted = False
    for section in change.sections:
        if section.name in ("contract", "revert") and not quitted and section is not change.sections[0]:
            parts.append(_QUIT)
            quitted = True
        steps = list(map(_step, section.steps))
        parts.append(f"-- zdmigrate: {section.name}\n" + "\n".join(steps))
    return "\n".join(part for part in parts if part)


def _step(step: Step) -> str:
    if isinstance(step, Said):
        return _said(step)
    return _why(step.why) + "BEGIN;\n" + "".join(map(_said, step.statements)) + "COMMIT;\n"


def _said(said: Said) -> str:
    return f"{_why(said.why)}{said.sql};\n"


def _why(why: str) -> str:
    return "".join(f"{line}\n" for line in _comment(why))


def _comment(text: str) -> Iterator[str]:
    """Lines of a comment. A paragraph that begins with zdmigrate: is a directive, and stays on one line."""
    for paragraph in filter(None, text.split("\n")):
        directive = paragraph.startswith("zdmigrate:")
        for line in [paragraph] if directive else textwrap.wrap(paragraph, _WIDTH - 3, break_on_hyphens=False):
            yield f"-- {line}"
