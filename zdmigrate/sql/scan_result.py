"""What PostgreSQL's scanner finds: tokens, and the protobuf in which libpg_query hands them over."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Token(NamedTuple):
    """A token of PostgreSQL's scanner; ``number`` is the grammar's (``tokens.py``), offsets are code points."""

    start: int
    end: int
    number: int


_token: Callable[[tuple[int, int, int]], Token] = partial(tuple.__new__, Token)  # Token._make runs Python's code


class Tokens:
    """Tokens as a list for each of their fields: to make a tuple of each takes as long as to find them."""

    __slots__ = ("ends", "numbers", "starts")

    def __init__(self, starts: list[int], ends: list[int], numbers: list[int]) -> None:
        self.starts = starts
        self.ends = ends
        self.numbers = numbers

    def __getitem__(self, place: int) -> Token:
        return Token(self.starts[place], self.ends[place], self.numbers[place])

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[Token]:
        return map(_token, zip(self.starts, self.ends, self.numbers, strict=True))

    def __iadd__(self, following: Tokens) -> Tokens:
        self.starts += following.starts
        self.ends += following.ends
        self.numbers += following.numbers
        return self

    def moved(self, by: int) -> Tokens:
        """The same tokens behind so many more code points."""
        return Tokens([start + by for start in self.starts], [end + by for end in self.ends], self.numbers)

    def part(self, first: int, end: int) -> Tokens:
        """Those from ``first`` to before ``end``."""
        return Tokens(self.starts[first:end], self.ends[first:end], self.numbers[first:end])

    def without(self, numbers: Iterable[int]) -> Tokens:
        """Those that have none of these numbers."""
        places = self.places_of(numbers)
        return Tokens(*(_without(places, column) for column in (self.starts, self.ends, self.numbers)))

    def places_of(self, numbers: Iterable[int]) -> list[int]:
        """Where those of these numbers stand among the others: a list's own search is ten times as fast as a loop."""
        found = []
        for number in numbers:
            place = -1
            for _ in range(self.numbers.count(number)):
                place = self.numbers.index(number, place + 1)
                found.append(place)
        return sorted(found)


def _without(places: list[int], column: list[int]) -> list[int]:
    kept: list[int] = []
    start = 0
    for place in places:
        kept += column[start:place]
        start = place + 1
    return kept + column[start:] if start else column


# --------------------------------------------------------------------------- protobuf


# A ScanResult is the version, then for each token a ScanToken: start, end, number and the kind of keyword, as varints,
# of which a zero is left out. One call of ``re`` takes it apart: a loop over its bytes takes three times as long.
VERSION = re.compile(rb"\x08[\x80-\xff]*.", re.DOTALL)
SCAN_TOKEN = re.compile(
    rb"\x12. (?:\x08([\x80-\xff]*+.))? \x10([\x80-\xff]*+.) \x20([\x80-\xff]*+.) (?:\x28.)?", re.DOTALL | re.VERBOSE
)


class _Varints(dict[bytes | None, int]):
    """What varints stand for: most of a file's are known from the files before it."""

    def __missing__(self, raw: bytes | None) -> int:
        value = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(raw or b""))
        if raw is None or len(raw) < 3:  # two bytes have 16,384 values; three would be a leak
            self[raw] = value
        return value


_VARINTS = _Varints()


def decoded(data: bytes) -> Tokens | None:
    """The tokens of a ``ScanResult``; None where it has another form."""
    version = VERSION.match(data)
    columns = SCAN_TOKEN.split(data[version.end() :] if version else data)
    if any(columns[::4]):  # what stands between the tokens; to pass it over would be to lose them
        return None
    starts, ends, numbers = (list(map(_VARINTS.__getitem__, columns[field::4])) for field in (1, 2, 3))
    return Tokens(starts, ends, numbers)
