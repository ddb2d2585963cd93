r"""What psql's ``\unset ON_ERROR_STOP`` makes of a DROP: without what it names, nothing is done, as with IF EXISTS.

Only between such a line and one that sets it again. That psql goes on by default makes no DROP doubtful.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.schema.names import Span
    from zdmigrate.schema.operations import Operation

_LINE = r"(?i)\\(?:(?P<set>set)\s+ON_ERROR_STOP\s*(?P<value>\w*)|unset\s+ON_ERROR_STOP)\b"
_OFF = ("0", "off", "false", "no")


def forgiven(operations: tuple[Operation, ...], at: int, changes: Sequence[tuple[int, bool]]) -> tuple[Operation, ...]:
    """The operations of a statement at ``at``; ``changes`` is what ``error_stops`` found before and behind it."""
    before = [stops for place, stops in changes if place < at]
    if not before or before[-1]:
        return operations
    return tuple(_if_exists(operation) for operation in operations)


def _if_exists(operation: Operation) -> Operation:
    is_drop = operation.kind.startswith("drop_") and hasattr(operation, "if_exists")
    return operation.changed(if_exists=True) if is_drop else operation


def error_stops(text: str, lines: Sequence[Span]) -> list[tuple[int, bool]]:
    """Where psql is told to stop at the first error, or to go on."""
    found = ((line.start, re.match(_LINE, text[line.start : line.end])) for line in lines)
    return [(place, bool(said["set"]) and said["value"].lower() not in _OFF) for place, said in found if said]
