"""The parent's index without rows, those of its partitions built concurrently, and each attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError
from zdmigrate.schema.constraints import index_name
from zdmigrate.schema.spelling import short_name, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place
    from zdmigrate.schema.names import Name


def edits(place: Place) -> Iterator[Edit]:
    place.must_stand_alone("CREATE INDEX CONCURRENTLY")
    if place.operation.if_not_exists:
        raise RefusedError("with IF NOT EXISTS it is not known which of the indexes are there")
    if not all(place.operation.columns):
        raise RefusedError("the server names the indexes of partitions over an expression by what is in it")
    words = place.words_in(place.statement.span)
    on = next(number for number, word in enumerate(words) if word.text == "ON")
    table = next(number for number, word in enumerate(words[on:], on) if word.text in ("(", "USING"))
    definition = place.written(words[table].start, place.statement.span.end)
    for word in words[:on]:
        if word.text == "CONCURRENTLY":
            yield Edit(word.start, word.end + 1, "")
    name = "" if place.operation.name else f" {place.facts['index']}"
    yield Edit(words[on - 1].end, words[on - 1].end, name)
    yield Edit(words[on].end, words[on].end, place.sql(" ONLY"))
    yield place.below(*(step for child in _partitions(place) for step in _steps(place, child, definition)))


def _partitions(place: Place) -> tuple[Name, ...]:
    table = place.catalog.table(place.operation.relation)
    if table is None or not table.complete or not table.children:
        raise RefusedError("the table's partitions are in no earlier file")
    children = [place.catalog.tables.get(child) for child in table.children]
    if any(child is None or child.partitioned for child in children):
        raise RefusedError("one of the partitions is partitioned itself")
    return table.children


def _steps(place: Place, child: Name, definition: str) -> tuple[str, str]:
    operation, catalog = place.operation, place.before
    own = index_name(operation.changed(name=None, relation=child), catalog)
    parent = index_name(operation, catalog)
    unique = place.sql("UNIQUE INDEX" if operation.unique else "INDEX")
    name, table = spelled(own.name), short_name(child, catalog)
    build = place.sql("CREATE {} CONCURRENTLY {} ON {} {}", unique, name, table, definition)
    attach = place.sql("ALTER INDEX {} ATTACH PARTITION {}", short_name(parent, catalog), short_name(own, catalog))
    return build, attach
