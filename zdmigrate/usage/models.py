"""What code calls the rows of a table: the classes that say so themselves, and those that frameworks derive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.usage.names import any_of, models, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.usage.code import Code

_DECLARED = (
    r"(?:class|model|struct|interface|record|type|trait|module|schema|entity|object|enum|extension|impl|"
    r"const|let|var|val)"
)
_CLASS = re.compile(rf"^(?P<indent>[ \t]*)(?:[a-z@]+[ \t]+)*?{_DECLARED}[ \t]+(?P<name>\w{{3,}})", re.M)
_RECEIVER = re.compile(r"func \((?:\w+\s+)?\*?(\w+)\)[^\n]*\n?[^\n]*$")  # Go
_BOUND = re.compile(r"(\w{3,})\s*=\s*[\w.]*(?:table|define|model|entity)\w*\([^()]*$", re.I)
_MAPS = re.compile(
    r"(?:__tablename__|db_table|table_?name|@entity|@table|\btable\s*\(|\w+table\s*\(|@@map|model_name|sequelize\.define\()"
    r"[^\"'`:\n]*(?:\n[^\"'`:\n]*)?:?[^\"'`\n]*$",
    re.I,
)
# A class of its own kind is a model only where a framework says so.
_FRAMEWORK = re.compile(r"Model|Base\b|Record|Entity|Table|Schema|Document|Mapped|\.prisma")


class Words(NamedTuple):
    """The words for one table: ``classes`` mean nothing else, ``variables`` may."""

    table: str
    classes: frozenset[str]
    variables: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.classes | self.variables


def words_of(table: str, declared: frozenset[str] = frozenset()) -> Words:
    """The words that follow from a table's name, and the classes that are mapped to it."""
    return Words(table, models(table) | declared, rows(table))


def in_app(words: Words, path: str) -> Words:
    """With those of Django: ``shop_order`` is Order in the app, and so in the folder, called shop."""
    app, _, model = words.table.partition("_")
    if not model or app not in path.split("/"):
        return words
    return words._replace(classes=words.classes | models(model), variables=words.variables | rows(model))


def declared(code: Code, table: str) -> Iterator[tuple[str, int]]:
    """The classes that this file maps to the table, and where: ``__tablename__ = "users"`` in class Customer."""
    for literal in code.literals:
        if literal.text.rpartition(".")[2] != table:
            continue
        if _MAPS.search(code.text, max(0, literal.start - 200), literal.start - 1):
            name = _class_around(code.text, literal.start)
            if name:
                yield name, literal.start


def _class_around(text: str, at: int) -> str:
    """The class, or the variable, that a place belongs to: what stands above it, or below its decorator."""
    line = text.rfind("\n", 0, at) + 1
    if text[line:at].lstrip().startswith(("@", "#[")) and not text[line:at].lstrip().startswith("@@"):
        below = _CLASS.search(text, at)
        return below["name"] if below else ""
    receiver = _RECEIVER.search(text, max(0, at - 200), at)
    bound = _BOUND.search(text, line, at)
    if receiver or bound:
        return (receiver or bound or [""])[1]
    around = (found for found in _CLASS.finditer(text, 0, at) if _end(text, found.end(), len(found["indent"])) > at)
    return next((found["name"] for found in reversed(list(around))), "")


class Block(NamedTuple):
    """A class from its declaration to where the indentation ends it; ``indent`` is that of its own lines."""

    start: int
    head_end: int
    end: int
    indent: int
    head: str


def blocks(text: str, words: Words) -> list[Block]:
    """Where these classes are defined; in Elixir, ``schema "users" do``."""
    name = rf"(?:{any_of(words.classes)}|\"{re.escape(words.table)}\")"
    declaration = rf"^(?P<indent>[ \t]*)(?:[\w@]+[ \t]+)*?{_DECLARED}[ \t]+{name}[^\n]*"
    return [_block(text, place) for place in re.finditer(declaration, text, re.M)]


def _block(text: str, place: re.Match[str]) -> Block:
    first = re.compile(r"\n([ \t]*)\S").search(text, place.end())
    indent = len(first[1]) if first else 0
    return Block(place.start(), place.end(), _end(text, place.end(), len(place["indent"])), indent, _head(text, place))


def _head(text: str, place: re.Match[str]) -> str:
    """The declaration with the decorators above it."""
    above = text[max(0, place.start() - 200) : place.start()].splitlines()[-3:]
    return "\n".join([line for line in above if line.lstrip().startswith(("@", "#["))] + [place[0]])


def _end(text: str, start: int, indent: int) -> int:
    """The first line behind ``start`` that stands no deeper than its declaration, but for what closes its brackets."""
    at = start
    for line in text[start:].splitlines(keepends=True):
        bare = line.strip()
        if at > start and bare and len(line) - len(line.lstrip()) <= indent and bare[0] not in ")]{":
            return at
        at += len(line)
    return len(text)


def is_model(block: Block, path: str) -> bool:
    """Whether a framework's word stands in the declaration."""
    return bool(_FRAMEWORK.search(block.head)) or path.endswith(".prisma")
