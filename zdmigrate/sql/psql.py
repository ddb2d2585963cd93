r"""What stands in a SQL file and is no SQL: a byte order mark, psql's ``\`` lines, COPY data, placeholders.

Each is overwritten by as many characters, so that every offset stays true to the file.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from zdmigrate.schema.names import Span

VARIABLE = r""":(?<![\w\])]:)(?:[^\W\d]\w*|'\w+'|"\w+")"""
LANDMARK = r"""[-/'"$\{:\\;]"""  # what PATTERN begins with but for E'': a set of letters is found ten times as fast
PATTERN = (
    r"""
  (?P<comment> --[^\r\n]* )
| (?P<block> /\* )
| (?P<quoted> (?<![\w$])[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'? | '[^']*'? | "[^"]*"? )
| (?P<dollar> (?<![\w$])\$(?:[^\W\d]\w*)?\$ )
| (?P<template> \{%.{0,500}?%\} | \{\#.{0,500}?\#\} )
| (?P<placeholder> \$\{[^}\r\n]*\} | \{\{.{0,500}?\}\} | \$%\w+%\$ )
| ::
| (?P<variable> """
    + VARIABLE
    + r""" )
| (?P<backslash> \\ )
| (?P<end> ; )
"""
)
# PostgreSQL's scanner looks at what is left of such a run for each of its signs; @ is one that it does not part
RUN = r"(?:(?!/\*|--)[-~!@#^&|`?+*/%<>=]){1000,}"
LONG_RUN = r"[-~!@#^&|`?+*/%<>=]{1000}"  # the same where the signs may begin comments
MAY_HAVE_RUN = 5000  # letters: in a shorter text the scanner is quick all the same
BLOCK_EDGE = r"/\*|\*/"
# possessive, or white space and comments could be told apart in exponentially many ways
COPY_FROM_STDIN = r"(?>\s++|--[^\r\n]*+|/\*.*?\*/)*+copy\b.*\bfrom\s+stdin\b"
COPY_DATA = r"[^\r\n]*(?:\r\n?|\n)(?P<data>.*?^\\\.[ \t]*(?=[\r\n]|\Z)|.*)"
QUIT = r"(?:^|\s)\\q(?:uit)?(?:\s|$)"
# these send what was typed so far to the server, as a semicolon does
SENDS = r"\\(?:g|gx|gset|gexec|gdesc|watch|crosstabview|parse|bind_named|bind|sendpipeline)\b"


class Masked(NamedTuple):
    """SQL with everything else overwritten."""

    text: str
    quits: tuple[Span, ...]
    psql_lines: tuple[Span, ...]  # quits among them


def mask(text: str) -> Masked:
    """``text`` with what is no SQL overwritten, at the same length."""
    signs = any(sign in text for sign in ("\ufeff", "\\", "{", "$%")) or "stdin" in text.lower()
    laborious = has_long_run(text)
    if signs or laborious or (":" in text and _compiled(VARIABLE).search(text.replace("::", "  "))):
        return _Masking(text, laborious).result()
    return Masked(text, (), ())


def has_long_run(text: str) -> bool:
    """Whether the scanner would take its time: for 40,000 times ``+`` six seconds."""
    return len(text) > MAY_HAVE_RUN and _compiled(LONG_RUN).search(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(
        pattern, re.VERBOSE | re.DOTALL if pattern is PATTERN else re.DOTALL | re.IGNORECASE | re.MULTILINE
    )


PLACEHOLDER = r"\$\{[^}\r\n]*\}|\{\{.{0,500}?\}\}|\$%\w+%\$"


def stand_ins(text: str) -> dict[str, str]:
    """The placeholders of a text by what is read in their place: ``__schema_`` for ``${schema}``, in small letters."""
    if not any(sign in text for sign in ("${", "{{", "$%")):
        return {}
    return {re.sub(r"\W", "_", found).lower(): found for found in _compiled(PLACEHOLDER).findall(text)}


class _Masking:
    """One pass over a text, from one quote, comment or other landmark to the next."""

    def __init__(self, text: str, laborious: bool) -> None:
        self._text = text
        self._laborious = laborious
        self._landmark = f"{LANDMARK}|{RUN}" if laborious else LANDMARK
        self._parts: list[str] = []
        self._copied = 0
        self._statement = 0
        self._psql_lines: list[Span] = []
        self._quits: list[Span] = []

    def result(self) -> Masked:
        if self._text.startswith("\ufeff"):
            self._put(0, 1, " ")
        at = 0
        while landmark := _compiled(self._landmark).search(self._text, at):
            found = self._found(landmark.start(), at)
            if len(landmark[0]) > 1:  # a run
                self._put(*landmark.span(), "@" * len(landmark[0]))
            at = self._after(found) if found else landmark.end()
        self._parts.append(self._text[self._copied :])
        return Masked("".join(self._parts), tuple(self._quits), tuple(self._psql_lines))

    def _found(self, landmark: int, at: int) -> re.Match[str] | None:
        """What stands at a landmark, with the E of an E'' that has not been dealt with."""
        pattern = _compiled(PATTERN)
        if landmark > at and self._text[landmark] == "'" and (found := pattern.match(self._text, landmark - 1)):
            return found
        return pattern.match(self._text, landmark)

    def _after(self, found: re.Match[str]) -> int:
        """Where to look on, once what was found is dealt with."""
        match found.lastgroup:
            case "block":
                return self._block(found.end())
            case "dollar":
                end = self._text.find(found[0], found.end())
                return len(self._text) if end < 0 else end + len(found[0])
            case "template":
                self._put(found.start(), found.end(), _blank(found[0]))
            case "placeholder":
                self._put(found.start(), found.end(), re.sub(r"\W", "_", found[0]))
            case "variable":
                self._put(found.start(), found.end(), _variable(found[0]))
            case "backslash":
                return self._backslash(found.start())
            case "end":
                return self._end(found)
        return found.end()

    def _put(self, start: int, end: int, stand_in: str) -> None:
        self._parts += (self._text[self._copied : start], stand_in)
        self._copied = end

    def _block(self, at: int) -> int:
        inside = self._block_end(at)
        if self._laborious:
            self._put(at, inside, _blank(self._text[at:inside]))
        return inside + len("*/")

    def _block_end(self, at: int) -> int:
        """Where the sign stands that closes a block comment, at the text's end where none does; they nest."""
        depth = 1
        for edge in _compiled(BLOCK_EDGE).finditer(self._text, at):
            depth += 1 if edge[0] == "/*" else -1
            if depth == 0:
                return edge.start()
        return len(self._text)

    def _backslash(self, start: int) -> int:
        sends = _compiled(SENDS).match(self._text, start)
        if not sends and not self._begins_line(start):
            return start + 1  # inside of a statement: left to the grammar, which refuses it at its place
        end = _line_end(self._text, start)
        line = self._text[start:end]
        self._put(start, end, (";" if sends else " ") + " " * (len(line) - 1))
        if sends:
            self._statement = start + 1
        span = Span(start, start + len(line.rstrip()))
        self._psql_lines.append(span)
        if _compiled(QUIT).search(line):
            self._quits.append(span)
        return end

    def _begins_line(self, at: int) -> bool:
        """Whether nothing stands before ``at`` on its line but the end of a statement."""
        while at > self._statement and self._text[at - 1] in " \t\f\v\ufeff":
            at -= 1
        return at == self._statement or self._text[at - 1] in "\r\n"

    def _end(self, found: re.Match[str]) -> int:
        """After a semicolon; after that of COPY … FROM stdin, its data come to a line with ``\\.``."""
        is_copy = _compiled(COPY_FROM_STDIN).match(self._text, self._statement, found.start())
        self._statement = found.end()
        data = _compiled(COPY_DATA).match(self._text, found.end()) if is_copy else None
        if data is None:
            return found.end()
        self._put(data.start("data"), data.end("data"), _blank(data["data"]))
        self._statement = data.end()
        return data.end()


def _line_end(text: str, at: int) -> int:
    end = re.compile(r"[\r\n]").search(text, at)
    return end.start() if end else len(text)


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def _variable(text: str) -> str:
    """A name for ``:name``, a string for ``:'name'``, a quoted name for ``:"name"``."""
    if text[1] in "'\"":
        return text[1] + "_" + text[2:]
    return "_" + text[1:]
