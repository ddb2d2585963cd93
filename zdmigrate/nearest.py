"""The known word that an unknown one was probably meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The most similar of the known words, or None when none is similar."""
    from difflib import get_close_matches  # costs more than a whole lint is worth, and only mistakes need it

    found = get_close_matches(word.casefold(), list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them when none is near."""
    words = sorted(known)
    close = nearest(word, words)
    return f"did you mean {close}?" if close else f"known are {', '.join(words)}"
