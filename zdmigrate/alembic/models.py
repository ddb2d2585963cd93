"""What models say in ``info``, as ``rewrite`` is told it on the command line: zd_fill, zd_up, zd_down, zd_fallback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql

from zdmigrate.recipes.parts.ground import Answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Column

SAID = ("up", "down", "fallback", "fill")


def answers_of(metadata: Any) -> Answers:
    """``info={"zd_fill": "0"}`` and the like of every column; a constant default of Python's fills, too."""
    said: dict[str, dict[str, str]] = {name: {} for name in SAID}
    for column in _columns(metadata):
        place = f"{column.table.name}.{column.name}"
        default = _literal(column)
        if default is not None:
            said["fill"][place] = default
        for name in SAID:
            if f"zd_{name}" in column.info:
                said[name][place] = str(column.info[f"zd_{name}"])
    return Answers().changed(**said)


def _columns(metadata: Any) -> Iterable[Column[Any]]:
    """``target_metadata`` may be several."""
    several = metadata if isinstance(metadata, list | tuple) else [metadata]
    return [column for each in several if each is not None for table in each.tables.values() for column in table.c]


def _literal(column: Column[Any]) -> str | None:
    """A constant default as SQL; None where there is none that the dialect can write."""
    default: Any = column.default
    if default is None or not getattr(default, "is_scalar", False):
        return None
    try:
        return str(column.type.literal_processor(postgresql.dialect())(default.arg))  # type: ignore[misc,no-untyped-call]
    except Exception:  # noqa: BLE001 - a project's own types raise what they like
        return None
