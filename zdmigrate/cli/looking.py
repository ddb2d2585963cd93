"""Looking at a database again and again, through its outages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.cli.options import Console

Seen = TypeVar("Seen")


def looks(look: Callable[[], Seen], console: Console, every: float) -> Iterator[Seen]:
    """What each look sees, ``every`` so many seconds, without end. An outage is told once, and outlasted."""
    answers = True
    while True:
        time.sleep(every)
        try:
            seen = look()
        except DatabaseError as error:
            if answers:
                console.warn(f"{error.sentence}; still trying")
            answers = False
            continue
        answers = True
        yield seen
