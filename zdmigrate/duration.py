"""Lengths of time, written with PostgreSQL's units and held as whole milliseconds."""

from __future__ import annotations

from typing import NamedTuple, Self

# PostgreSQL manual, section 20.1.1: the units of time, in milliseconds.
_UNITS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


class Duration(NamedTuple):
    """A length of time; its text is the shortest that PostgreSQL reads back: ``200ms``, ``30min``."""

    milliseconds: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """``200ms``, ``1.5 h`` …; ValueError for anything else. A bare number is refused: nobody knows its unit."""
        digits = str(text).strip().rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = str(text).strip()[len(digits) :]
        if not isinstance(text, str) or unit not in _UNITS or not digits.strip().replace(".", "", 1).isdecimal():
            raise ValueError("a number with one of PostgreSQL's units us, ms, s, min, h, d, such as 200ms")
        return cls(round(float(digits) * _UNITS[unit]))

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000

    def __str__(self) -> str:
        fitting = [
            unit for unit in ("d", "h", "min", "s") if self.milliseconds and self.milliseconds % _UNITS[unit] == 0
        ]
        unit = fitting[0] if fitting else "ms"
        return f"{self.milliseconds // int(_UNITS[unit])}{unit}"
