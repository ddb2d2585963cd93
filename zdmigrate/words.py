"""Numbers with their noun, as a person says them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 change``, ``2 changes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(text: str) -> str:
    """The text with a question mark for whatever could end the line or move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def printable(text: str) -> str:
    """The same in one line, with one space for any number of them."""
    return shown(" ".join(text.split()))
