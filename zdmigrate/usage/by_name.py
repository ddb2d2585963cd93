"""Where code that is no SQL names something: as a word, and for common words only where it must be meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.usage.models import blocks, declared, in_app, is_model
from zdmigrate.usage.names import any_of, pascal, singulars, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.usage.code import Code
    from zdmigrate.usage.loss import Loss
    from zdmigrate.usage.models import Block, Words

_LINK = r"[?!]*\s*(?:\?\.|&\.|->|::|\.)"
_HOLDER = re.compile(rf"([\w$@]+)(?:(?:{_LINK}c(?:olumns)?)?{_LINK}\s*|[?!]*\.?\[\s*:?[\"'`]?)$")
_CALLED = re.compile(rf"(?:(\w+)\([^()]*)?\){_LINK}\s*$")
_LINKS = (".", "->", "::", "[", "'", '"', "`", ":")  # what those two end with
_PATH = re.compile(r"(?<![A-Za-z0-9_])(\w+?)__$")
_CHAINED = re.compile(r"\s*(?:\??\.|->|&\.|\)|\|>)")
_OWN = ("self", "this", "cls", "Self")
_LONGEST_EXPRESSION = 2000
_TABLE_IS_MEANT = re.compile(
    r"(?:table|entity|model|from|into|join|update|map|knex|relation|view|\bdb)\W*(?:\w+\W+)?$", re.I
)


def columns(loss: Loss, words: Words, code: Code, text: str, path: str) -> Iterator[int]:
    """Offsets at which a file names a column; ``text`` is its text without comments and without SQL."""
    words = in_app(words, path)
    if not re.search(any_of(words.all), code.text):
        return
    found = list(_words(loss.name, text, path))
    if not loss.is_common and re.search(any_of(words.classes | {words.table}), code.text):
        yield from (word.start for word in found)
    elif found:
        near = _Nearness(text, words)
        yield from (word.start for word in found if near.is_meant(word))


class _Word(NamedTuple):
    """A word that may be the column; ``path`` is what Django puts before it: ``user__`` name."""

    start: int
    end: int
    path: str


def _words(name: str, text: str, path: str) -> Iterator[_Word]:
    """The column's spellings, and what Django's lookups, Rails' finders and accessors make of them."""
    told = "|".join(sorted(map(re.escape, spellings(name, path)), key=len, reverse=True))
    accessors = f"(?:get|set|is|has|findBy|existsBy){pascal(name)}|(?:find_by_|where_){re.escape(name)}"
    # what stands before it is looked at afterwards: a pattern that begins with letters is found ten times as fast
    for found in re.finditer(rf"({told}|{accessors})(?:__\w+)?(?![A-Za-z0-9_])", text):
        start, end = found.span(1)
        within = start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")
        before = _PATH.search(text, max(0, start - 60), start) if within else None
        if before or not within:
            yield _Word(start, end, before[1] if before else "")


class _Expression(NamedTuple):
    """From a word that must mean the model to the end of what is called on it; ``inner`` is where its calls begin."""

    start: int
    inner: int
    end: int


class _Nearness:
    """Whether a common word is that column: on a row, a field of the model, or in an expression about the model."""

    def __init__(self, text: str, words: Words) -> None:
        self._text = text
        self._rows = words.all
        self._endings = tuple(word for one in singulars(words.table) for word in (pascal(one), f"_{one}"))
        self._bodies = blocks(text, words)
        self._expressions = list(_expressions(text, words))

    def is_meant(self, word: _Word) -> bool:
        if word.path:
            return self._is_row(word.path.rpartition("__")[2])
        before = self._text[max(0, word.start - 60) : word.start]
        if before.rstrip().endswith(_LINKS):
            holder = _HOLDER.search(before)
            if holder:
                return self._is_row(holder[1]) or (holder[1] in _OWN and self._body(word.start) is not None)
            called = _CALLED.search(before)
            if called:
                return self._is_row(called[1] or "") or self._is_inside(word.start)
        return self._is_field(word.start, word.end) or self._is_argument(word.start, word.end)

    def _is_row(self, word: str) -> bool:
        word = word.lstrip("$@")
        return word in self._rows or word.endswith(self._endings)

    def _body(self, at: int) -> Block | None:
        return next((body for body in self._bodies if body.start < at < body.end), None)

    def _is_inside(self, at: int) -> bool:
        return any(found.start < at < found.end for found in self._expressions)

    def _is_field(self, start: int, end: int) -> bool:
        """A line of the model's own that defines it, or a quoted name or ``@name`` anywhere in the model."""
        body = self._body(start)
        if body is None or start < body.head_end:
            return body is not None
        line = self._text.rfind("\n", 0, start) + 1
        before, after = self._text[line:start], self._text[end : end + 8]
        if _is_quoted(before, after) or before.endswith("@"):
            return True
        indent = len(before) - len(before.lstrip())
        is_first = not before.strip() and re.match(r"\s*[=:?!]|[ \t]+[A-Za-z*\[]", after)
        is_typed = re.fullmatch(r"[\w<>\[\].?@, \t]+[ \t]", before) and re.match(r"\s*(?:[;=:{?!,]|$)", after, re.M)
        return indent == body.indent and bool(is_first or is_typed)

    def _is_argument(self, start: int, end: int) -> bool:
        """``name=``, ``name:``, ``:name``, ``"name"``, ``{ name }`` in an expression about the model."""
        about = next((found for found in self._expressions if found.start < start < found.end), None)
        if about is None:
            return False
        line = self._text.rfind("\n", 0, start) + 1
        before, after = self._text[line:start], self._text[end : end + 80]
        if _is_quoted(before, after):
            return True
        if re.match(r"(?:__\w+)?\s*(?:=(?![=>])|=>)", after):
            return re.match(r"\s*(?:async\s+)?(?:def|fn|func|function)\b", before) is None
        is_key = re.match(r"\s*:(?!:)", after) or (
            re.search(r"\{[\w\s,]*$", before[-80:]) and re.match(r"[\w\s,]*\}", after)
        )
        return bool(is_key) and start > about.inner


def _is_quoted(before: str, after: str) -> bool:
    if before.endswith(("'", '"', "`")):
        return after[:1] == before[-1]
    return bool(re.search(r"(?<![:\w]):$", before))


def _expressions(text: str, words: Words) -> Iterator[_Expression]:
    variables = any_of(words.variables)
    means = rf"{any_of(words.classes)}|(?<=\.){variables}(?=\s*\.)|(?<=[\"'`]){re.escape(words.table)}(?=[\"'`])"
    for found in re.finditer(means, text):
        inner = re.compile(r"[(\[{)\n]").search(text, found.end())
        yield _Expression(found.end(), inner.start() if inner else len(text), _expression_end(text, found.end()))


def _expression_end(text: str, start: int) -> int:
    """Its line's end outside of brackets, unless a call is chained to it in the next line."""
    depth = 0
    last = min(len(text), start + _LONGEST_EXPRESSION)
    for at in range(start, last):
        letter = text[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth = max(depth - 1, 0)  # the word may stand inside of the first call: knex("users").insert(...)
        elif depth == 0 and (letter == ";" or (letter == "\n" and not _CHAINED.match(text, at))):
            return at
    return last


# --------------------------------------------------------------------------- relations, values, other objects


def relations(loss: Loss, words: Words, code: Code, path: str) -> Iterator[int]:
    """Offsets at which a file names a relation: in a literal of its own, or as a framework's model of it."""
    yield from (start for _, start in declared(code, loss.name))
    for literal in code.literals:
        if literal.text.strip().rpartition(".")[2] == loss.name and "/" not in literal.text:
            before = code.text[max(0, literal.start - 60) : literal.start - 1]
            if not loss.is_common or _TABLE_IS_MEANT.search(before.rpartition("\n")[2]):
                yield literal.start
    if loss.relations:
        bodies = blocks(code.text, in_app(words, path))
        yield from (body.start for body in bodies if is_model(body, path))


def values(loss: Loss, tables: Sequence[Words], code: Code, text: str, path: str) -> Iterator[int]:
    """Offsets of literals with a value of an enum, where the file names a table, and its column or the type."""
    about = frozenset(word for table in tables for word in table.all)
    beside = frozenset(word for name in loss.beside for word in spellings(name, path))
    if not about or not re.search(any_of(about), code.text) or not re.search(any_of(beside), code.text):
        return
    yield from (literal.start for literal in code.literals if literal.text == loss.name)
    if re.fullmatch(r"\w+", loss.name):
        yield from (found.start() + 1 for found in re.finditer(rf"(?<![\w:]):{re.escape(loss.name)}\b(?!\s*=>)", text))


def objects(loss: Loss, code: Code) -> Iterator[int]:
    """Offsets of literals that are the name of a function, type or sequence, and nothing else."""
    for literal in code.literals:
        if literal.text.strip().rpartition(".")[2] == loss.name:
            yield literal.start
