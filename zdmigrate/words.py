"""Numbers with their noun, as a person says them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 change``, ``2 changes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """One line that a terminal only shows: whatever could move its cursor, or end the line, is a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
