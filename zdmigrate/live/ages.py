"""Lengths of time as a person says them: ``3 s``, ``12 min``, ``5 h 20 min``."""

from __future__ import annotations


def span(seconds: float) -> str:
    """The length in one unit, or two where the second still matters."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{round(hours / 24)} days"


def ago(seconds: float) -> str:
    """How long ago; the database's clock may lie a little ahead of what it wrote."""
    return f"{span(seconds)} ago"
