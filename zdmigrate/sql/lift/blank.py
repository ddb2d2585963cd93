"""Where what stands beside white space, comments and names begins and ends, in a text whose comments are known."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WHITE = " \t\n\r\f\v"  # PostgreSQL's white space
BLANK = r"(?:[ \t\n\r\f\v]++|--[^\r\n]*+)*+"
NAME = r'(?:"[^"]*+(?:""[^"]*+)*+"|[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*+)'
# What begins with U& is a name as well, and may end with UESCAPE: nobody writes that, and only tokens tell it.
BEHIND_NAME = f"{NAME}(?!&){BLANK}"
BEHIND_TABLE = rf"{NAME}(?!&)(?:{BLANK}\.{BLANK}{NAME})*+{BLANK}(?:\*{BLANK})?(?=[A-Za-z])"
WORD = "[A-Za-z_][A-Za-z0-9_]*+"
WORD_AND_NEXT = rf"({WORD}){BLANK}(?:({WORD})|(?=[,);])|\Z)"


@cache  # when somebody asks: one small file is linted sooner than all three are made
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def behind_blank(text: str, at: int) -> int:
    found = _compiled(BLANK).match(text, at)
    return found.end() if found else at


def behind_name(text: str, at: int) -> int | None:
    """Where what follows the name at ``at`` begins."""
    found = _compiled(BEHIND_NAME).match(text, at)
    return found.end() if found else None


def behind_table(text: str, at: int) -> int | None:
    """The same of a table's name, with its schema and ``*``, where a word follows it."""
    found = _compiled(BEHIND_TABLE).match(text, at)
    return found.end() if found else None


def word_and_next(text: str, at: int) -> tuple[str, str] | None:
    """The word at ``at`` and the one behind it, "" before a comma, a closing parenthesis or the end; else None."""
    found = _compiled(WORD_AND_NEXT).match(text, at)
    return (found[1], found[2] or "") if found else None


def before_blank(text: str, end: int, comments: Mapping[int, int]) -> int:
    """Where what stands before the white space and the comments ends, of which the last ends at ``end``.

    ``comments`` are the places where each begins, by those where it ends.
    """
    while end in comments or text[end - 1] in WHITE:
        end = comments.get(end, end - 1)
    return end
