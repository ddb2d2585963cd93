"""A short file as the grammar itself cuts it: its statements' trees, and tokens only for those who ask for them.

Most statements are told from their tree alone; to scan all of a file and cut its tokens takes as long as its tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.names import Span
from zdmigrate.sql import tokens as t
from zdmigrate.sql.grammar import CHAIN, GrammarError, parse_short, tokens_of
from zdmigrate.sql.lift.blank import before_blank, behind_blank
from zdmigrate.sql.lift.source import Places
from zdmigrate.sql.long_names import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.scan_result import Tokens

# Comments, and all that their sign may stand in without beginning one. A dollar sign that opens no quote is doubtful:
# it may be a letter of a name.
# Each begins with its sign, not with a group: then the signs alone are searched for, in a fifth of the time.
LANDMARKS = re.compile(
    r"""
  -(?P<comment>-[^\r\n]*+)
| '[^']*+'
| "(?P<name>[^"]*+(?:""[^"]*+)*+)"
| \$(?<![A-Za-z0-9_$\x80-\U0010ffff]\$)(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*+)?)\$
  .*?\$(?P=tag)\$
| \$(?P<dollar>)
""",
    re.VERBOSE | re.DOTALL,
)
# a body in BEGIN ATOMIC and a rule's actions hold semicolons, block comments nest, and \ escapes a quote
DOUBTFUL = ("/*", "\\", "atomic", "rule")


class ShortFile(NamedTuple):
    """Trees and places of a file's statements, none of which has an error."""

    statements: list[tuple[Node, Span]]
    comments: dict[int, int]  # where each begins, by where it ends
    places: Places


def read_short(text: str) -> ShortFile | None:
    """None for a text in which anything is doubtful, which its tokens have to decide."""
    if len(text) > CHAIN or _is_doubtful(text.lower()):
        return None
    comments = _comments(text)
    if comments is None or _may_have_long_name(text):
        return None
    try:
        trees = parse_short(text)["stmts"]
    except GrammarError:
        return None
    places = Places(text)
    return ShortFile(list(_cut(text, trees, comments, places)), comments, places)


def _is_doubtful(text: str) -> bool:
    return any(sign in text for sign in DOUBTFUL)


def _comments(text: str) -> dict[int, int] | None:
    comments = {}
    for found in LANDMARKS.finditer(text):
        kind = found.lastgroup
        if kind == "comment":
            comments[found.end()] = found.start()
        elif kind == "dollar" or (kind == "name" and _is_long(found["name"])):
            return None
    return comments


def _is_long(name: str) -> bool:
    return len(name.encode(errors="surrogatepass")) > LONGEST


def _may_have_long_name(text: str) -> bool:
    """Of a name without quotes: what no white space parts holds it."""
    return max(map(len, text.encode(errors="surrogatepass").split()), default=0) > LONGEST


def _cut(text: str, trees: list[Node], comments: dict[int, int], places: Places) -> Iterator[tuple[Node, Span]]:
    """Where each statement begins and ends: the grammar counts to it what stands before its semicolon."""
    for tree in trees:
        location, length = tree.get("stmt_location", 0), tree.get("stmt_len", 0)  # no length: up to the text's end
        start = places.at(location)
        end = before_blank(text, places.at(location + length) if length else len(text), comments)
        yield tree["stmt"], Span(behind_blank(text, start), end)


def tokens_between(text: str, span: Span) -> Tokens:
    """The tokens of a statement, without comments."""
    return tokens_of(text[span.start : span.end]).without(t.COMMENTS).moved(span.start)
