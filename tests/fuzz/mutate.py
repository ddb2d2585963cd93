"""A case: some statements, and what was done to them. The same random numbers always make the same case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.fuzz.corpus import pieces, statements

if TYPE_CHECKING:
    from random import Random

LONGEST = 60_000  # letters
SEPARATORS = [";\n", ";\n", ";", "\n", " ; ", ";\r\n-- é\r\n", ";/*;*/", ""]
DEPTHS = [1, 1, 2, 2, 10, 10, 100, 1000, 10_000]
AROUND = [
    ("(", ")"),
    ("select (", ")"),
    ("[", "]"),
    ("/*", "*/"),
    ("begin ", " end;"),
    ("case when true then ", " end"),
    ("do $$ begin ", "; end $$"),
    ("do $a$ begin if true then ", "; end if; end $a$"),
    ("create function f() returns void language plpgsql as $f$ begin ", "; end $f$; select f()"),
    ("create procedure p() language sql as $p$ ", " $p$; call p()"),
    ("begin; ", "; commit"),
    ("create procedure p() begin atomic ", "; end"),
    ("explain analyze ", ""),
    ("create rule r as on insert to t do also (", ")"),
    ("not ", ""),
    ("- ", ""),
    ("1 + ", "1"),
    ("select 1 union all ", "select 2"),
    ("execute '", "'"),
    ("select '", "'"),
]
TOKENS = re.compile(r"\w+|\s+|.", re.DOTALL)


def case(random: Random) -> str:
    """A text, mutilated up to eight times; one in a few is left as it was."""
    chosen = [random.choice(statements()) for _ in range(random.randint(1, 6))]
    text = "".join(statement + random.choice(SEPARATORS) for statement in chosen)
    for _ in range(random.choice((0, 1, 1, 2, 3, 5, 8))):
        text = random.choice(MUTATIONS)(text, random)[:LONGEST]
    return text


def _range(length: int, random: Random) -> tuple[int, int]:
    start = random.randint(0, length)
    return start, min(length, start + random.choice((0, 1, 1, 2, 5, 20, 100)))


def cut_out(text: str, random: Random) -> str:
    start, end = _range(len(text), random)
    return text[:start] + text[end:]


def put_in(text: str, random: Random) -> str:
    start, end = _range(len(text), random)
    return text[:start] + random.choice(pieces()) + text[random.choice((start, end)) :]


def double(text: str, random: Random) -> str:
    start, end = _range(len(text), random)
    return text[:end] + text[start:end] * random.choice((1, 2, 50)) + text[end:]


def break_off(text: str, random: Random) -> str:
    return text[: random.randint(0, len(text))]


def wrap(text: str, random: Random) -> str:
    """Something around a stretch of the text, to some depth; one in a few forgets to close it."""
    start, end = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
    before, after = random.choice(AROUND)
    depth = random.choice(DEPTHS) if len(before) < 8 else random.choice(DEPTHS[:6])
    closed = random.choice((depth, depth, depth, 0))
    return text[:start] + before * depth + text[start:end] + after * closed + text[end:]


def wrap_all(text: str, random: Random) -> str:
    before, after = random.choice(AROUND)
    return before + text + after


def move_tokens(text: str, random: Random) -> str:
    tokens = TOKENS.findall(text)
    start, end = _range(len(tokens), random)
    moved, rest = tokens[start:end], tokens[:start] + tokens[end:]
    at = random.randint(0, len(rest))
    return "".join(rest[:at] + moved + rest[at:])


def swap_tokens_with_another(text: str, random: Random) -> str:
    tokens, other = TOKENS.findall(text), TOKENS.findall(random.choice(statements()))
    start, end = _range(len(tokens), random)
    first, last = _range(len(other), random)
    return "".join(tokens[:start] + other[first:last] + tokens[end:])


def other_line_ends(text: str, random: Random) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r", "\n\n", "\\\n", "")))


def other_case(text: str, random: Random) -> str:
    return random.choice((text.upper, text.lower, text.title, text.swapcase))()


def with_mark(text: str, random: Random) -> str:
    return "\ufeff" + text


def any_letters(text: str, random: Random) -> str:
    start, end = _range(len(text), random)
    letters = "".join(chr(random.choice((random.randint(0, 127), random.randint(0, 0x10FFFF)))) for _ in range(3))
    return text[:start] + letters + text[end:]


MUTATIONS = [
    *(cut_out, put_in, put_in, put_in, double, break_off, wrap, wrap, wrap_all, move_tokens, move_tokens),
    *(swap_tokens_with_another, swap_tokens_with_another, other_line_ends, other_case, with_mark, any_letters),
]
