"""Passwords leave every text before it is printed, logged or stored."""

from __future__ import annotations

import re

_IN_URI = r"(?P<before>[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@]*(?=@)"
_IN_KEYWORDS = r"(?P<before>\b(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&'\"]+)"


def redact(text: str) -> str:
    """The text with ``***`` in place of every password that a DSN in it shows."""
    text = re.sub(_IN_URI, r"\g<before>***", text, flags=re.IGNORECASE)
    return re.sub(_IN_KEYWORDS, r"\g<before>***", text, flags=re.IGNORECASE)


def holds_password(text: str) -> bool:
    """Whether a DSN in this text carries a password."""
    return bool(re.search(_IN_URI, text, re.IGNORECASE) or re.search(_IN_KEYWORDS, text, re.IGNORECASE))
