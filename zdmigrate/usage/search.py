"""Looking for what was lost in the files of a release: each is read once, and few are looked at twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sql.lines import Lines
from zdmigrate.usage import by_name
from zdmigrate.usage.code import read_code
from zdmigrate.usage.evidence import LONGEST, Evidence
from zdmigrate.usage.in_queries import Known, Use, queries, uses
from zdmigrate.usage.models import declared, words_of
from zdmigrate.usage.names import plural, singulars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.usage.code import Code
    from zdmigrate.usage.in_queries import Query
    from zdmigrate.usage.loss import Loss

_SQL = (".sql", ".psql", ".pgsql", ".ddl")
_ALONE = rb"[\"'`.]%s[\"'`]"  # a literal that ends with a name
_HOW = ("query", "name")  # what was resolved comes first


class Text(NamedTuple):
    """A file of the release; ``path`` is as the release has it, with slashes."""

    path: str
    content: bytes


def search(
    losses: Sequence[Loss], files: Callable[[], Iterable[Text]], catalog: Catalog, shown: Callable[[str], str]
) -> dict[Loss, tuple[Evidence, ...]]:
    """The evidence for each loss, the best first. ``files`` is called twice: classes are known before they are sought.

    ``shown`` gives a path as reports tell it.
    """
    searched = _Search(losses, catalog)
    held = {text.path for text in files() if searched.is_worth_reading(text)}
    found: dict[Loss, dict[tuple[str, int], Evidence]] = {loss: {} for loss in losses}
    for path, content in files():
        if path in held:
            text = content.decode("utf-8", "replace")
            lines = Lines(text)
            for loss, use in searched.uses(path, text):
                line = lines.position(use.offset)[0]
                evidence = Evidence(shown(path), line, lines.text_of(line).strip()[:LONGEST], use.how)
                known = found[loss].setdefault((path, line), evidence)
                if known.how != evidence.how == "query":
                    found[loss][path, line] = evidence
    return {loss: tuple(sorted(places.values(), key=_rank)) for loss, places in found.items()}


def _rank(evidence: Evidence) -> tuple[int, str, int]:
    return _HOW.index(evidence.how), evidence.path, evidence.line


class _Search:
    def __init__(self, losses: Sequence[Loss], catalog: Catalog) -> None:
        self._losses = losses
        self._known = Known(catalog, losses)
        self._classes: dict[str, set[str]] = {}
        self._tables = {relation.name for loss in losses for relation in loss.relations}
        self._letters = {table: _letters(table, *singulars(table), plural(table)) for table in self._tables}

    def is_worth_reading(self, text: Text) -> bool:
        """Whether any loss could be named here; the classes that it declares are kept."""
        low = text.content.lower()
        for table, letters in self._letters.items():
            is_code = table.lower().encode() in low and not text.path.endswith(_SQL)
            if is_code and re.search(_ALONE % re.escape(table).encode(), text.content):
                code = read_code(text.content.decode("utf-8", "replace"), text.path)
                names = {name for name, _ in declared(code, table)}
                self._classes.setdefault(table, set()).update(names)
                self._letters[table] = letters | _letters(*names)
        return any(self._may_name(loss, low) for loss in self._losses)

    def _may_name(self, loss: Loss, low: bytes) -> bool:
        """Of a column, the table may go by a class that a later file declares: so the column alone will do."""
        if any(word in low for word in _letters(loss.name)):
            return True
        return any(word in low for name in loss.relations for word in self._letters[name.name]) and (
            loss.kind == "relation" or b"insert" in low
        )

    def uses(self, path: str, text: str) -> Iterator[tuple[Loss, Use]]:
        low = text.lower().encode("utf-8", "replace")
        losses = [loss for loss in self._losses if self._may_name(loss, low) and self._is_about(loss, low)]
        if not losses:
            return
        if path.endswith(_SQL):
            yield from _in_queries(losses, list(queries(text, self._known)))
        else:
            yield from self._in_code(losses, read_code(text, path), path)

    def _is_about(self, loss: Loss, low: bytes) -> bool:
        relations = [name.name for name in loss.relations]
        short = [_letters(name.partition("_")[2]) for name in relations if "_" in name]  # Django's app is a folder
        words = frozenset().union(*(self._letters[name] for name in relations), *short)
        return not relations or any(word in low for word in words)

    def _in_code(self, losses: Sequence[Loss], code: Code, path: str) -> Iterator[tuple[Loss, Use]]:
        """In the SQL of its literals first, which then has no words any more."""
        found: list[Query] = []
        text = code.text
        for literal in code.literals:
            if literal.is_sql:
                told = list(queries(literal.text, self._known))
                found += [query._replace(offset=query.offset + literal.start) for query in told]
                if told and all(query.mentions is not None for query in told):
                    end = literal.start + len(literal.text)
                    text = text[: literal.start] + re.sub(r"[^\n]", " ", literal.text) + text[end:]
        yield from _in_queries(losses, found)
        bare = code._replace(text=text)
        for loss in losses:
            yield from ((loss, Use(offset, "name")) for offset in self._by_name(loss, code, bare, path))

    def _by_name(self, loss: Loss, code: Code, bare: Code, path: str) -> Iterable[int]:
        tables = [words_of(name.name, frozenset(self._classes.get(name.name, ()))) for name in loss.relations]
        if loss.kind == "column":
            return by_name.columns(loss, tables[0], code, bare.text, path)
        if loss.kind == "relation":
            return by_name.relations(loss, tables[0], bare, path)
        return (
            by_name.values(loss, tables, code, bare.text, path) if loss.kind == "value" else by_name.objects(loss, bare)
        )


def _in_queries(losses: Sequence[Loss], found: Sequence[Query]) -> Iterator[tuple[Loss, Use]]:
    yield from ((loss, use) for query in found for loss in losses for use in uses(loss, query))


def _letters(*names: str) -> frozenset[bytes]:
    """Names in small letters with and without their underscores: every way to write them has one of these."""
    low = [name.lower() for name in names if name]
    return frozenset(word.encode() for name in low for word in (name, name.replace("_", "")))
