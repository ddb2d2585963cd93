"""Code of any language as far as it matters here: where its comments are, and where its string literals are."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

_HASH = (
    "py",
    "pyi",
    "rb",
    "rake",
    "erb",
    "ex",
    "exs",
    "sh",
    "yml",
    "yaml",
    "toml",
    "r",
    "pl",
    "pm",
    "graphql",
    "coffee",
)
_HEREDOCS = ("rb", "rake", "php", "pl", "pm", "sh")
_DASHES = ("sql", "psql", "lua", "hs", "elm", "ads", "adb")
_QUOTES = r"""
  (?P<long> \"\"\".*?(?:\"\"\"|\Z) | '''.*?(?:'''|\Z) )
| (?P<raw> `[^`]*` )
| (?P<plain> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
"""
# bounded, or each shift to the left of a capital would be looked for to the end of the file
_HEREDOC = r"""
| (?P<heredoc> <<[-~]?(?P<q>['"`]?)(?P<tag>[A-Z_]\w*)(?P=q)[^\n]*\n(?P<body>.{0,5000}?)^[ \t]*(?P=tag)\b )
"""
_BETWEEN = re.compile(r"[\s+\\.&]*(?:[rRbBuUfFbB]{1,2}(?=[\"']))?")
_ESCAPED = re.compile(r"\\[nrt\n]")
_SQL = re.compile(
    r"\s*(?:(?:select|insert\s+into|update|delete\s+from|merge\s+into|with|copy|explain)\b|table\s)", re.I
)


class Literal(NamedTuple):
    """A string literal: what is between its quotes, with quotes and plus signs of joined ones blanked out."""

    start: int
    text: str

    @property
    def is_sql(self) -> bool:
        return _SQL.match(self.text) is not None and re.search(r"\s", self.text.strip()) is not None


class Code(NamedTuple):
    """A file; ``text`` has the same length, and white space in place of its comments."""

    text: str
    literals: tuple[Literal, ...]


def read_code(text: str, path: str) -> Code:
    """The file's literals, joined where the language joins them, and its text without comments."""
    parts, literals, copied = [], [], 0
    for found in _landmarks(path).finditer(text):
        if found.lastgroup == "comment" or (found["long"] and _is_docstring(text, found.start())):
            parts += [text[copied : found.start()], _blank(found[0])]
            copied = found.end()
        else:
            literals.append(_literal(found))
    parts.append(text[copied:])
    bare = "".join(parts)
    return Code(bare, tuple(_joined(literals, bare)))


@cache
def _landmarks(path_or_ending: str) -> re.Pattern[str]:
    ending = path_or_ending.rpartition(".")[2].lower()
    if ending != path_or_ending:
        return _landmarks(ending)
    comment = r"/\*.*?(?:\*/|\Z) | //[^\n]*"
    if ending in _HASH:
        comment = r"\#(?!\{)[^\n]*" + (r" | ^=begin\b.*?^=end\b" if ending in ("rb", "rake") else "")
    elif ending in _DASHES:
        comment = r"--[^\n]* | /\*.*?(?:\*/|\Z)"
    elif ending == "php":
        comment += r" | \#(?!\[)[^\n]*"
    heredoc = _HEREDOC if ending in _HEREDOCS else ""
    return re.compile(rf"(?P<comment> {comment} ) | {_QUOTES} {heredoc}", re.VERBOSE | re.DOTALL | re.MULTILINE)


def _is_docstring(text: str, start: int) -> bool:
    """A long string that is a statement of its own: prose, which names things without using them."""
    before = text[:start].rstrip("rRuUbB")
    line = before[before.rfind("\n") + 1 :]
    above = before.rstrip()
    return not line.strip() and (not above or above[-1] not in "=(,[{+%\\")


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _literal(found: re.Match[str]) -> tuple[int, int]:
    if found.lastgroup == "heredoc":
        return found.span("body")
    edge = 3 if found["long"] else 1
    closed = 1 if len(found[0]) < 2 * edge else edge
    return found.start() + edge, max(found.start() + edge, found.end() - closed)


def _joined(spans: list[tuple[int, int]], text: str) -> list[Literal]:
    """Literals with nothing but white space or a plus sign between them are one."""
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        between = text[groups[-1][-1][1] : span[0]].strip("\"'`") if groups else None
        if between is not None and "\n\n" not in between and _BETWEEN.fullmatch(between):
            groups[-1].append(span)
        else:
            groups.append([span])
    return [_as_one(group, text) for group in groups]


def _as_one(group: list[tuple[int, int]], text: str) -> Literal:
    first, end = group[0]
    parts = [_content(text[first:end])]
    for (_, before), (start, end) in pairwise(group):
        parts += [_blank(text[before:start]), _content(text[start:end])]
    return Literal(first, "".join(parts))


def _content(literal: str) -> str:
    """With white space for what stands for white space."""
    return _ESCAPED.sub("  ", literal) if "\\" in literal else literal
