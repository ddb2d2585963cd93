"""Sizes, written with PostgreSQL's units and held as whole bytes."""

from __future__ import annotations

from typing import NamedTuple, Self

# PostgreSQL manual, section 20.1.1: the units of memory, whose multiplier is 1024.
_UNITS = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


class ByteSize(NamedTuple):
    """So many bytes; its text is rounded to three digits: ``64MB``, ``1.5GB``."""

    bytes: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """``64MB``, ``1.5 GB`` …; ValueError for anything else. A bare 0 is no limit."""
        digits = str(text).strip().rstrip("BkMGT")
        unit = str(text).strip()[len(digits) :] or ("B" if digits == "0" else "")
        if isinstance(text, bool) or unit not in _UNITS or not digits.strip().replace(".", "", 1).isdecimal():
            raise ValueError("a number with one of PostgreSQL's units B, kB, MB, GB, TB, such as 64MB")
        return cls(round(float(digits) * _UNITS[unit]))

    def __str__(self) -> str:
        unit = next((unit for unit in reversed(_UNITS) if self.bytes >= _UNITS[unit]), "B")
        return "0" if not self.bytes else f"{self.bytes / _UNITS[unit]:.3g}{unit}"
