"""Definitions of columns whose values have other names: the literals and the casts in defaults, indexes and CHECKs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.renaming import folded, replaced
from zdmigrate.schema.names import Span
from zdmigrate.sql.grammar import scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zdmigrate.recipes.parts.furniture import Furniture
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.relations import TableColumn


def retold(furniture: Furniture, table: Name, columns: Mapping[str, str], words: Mapping[str, str]) -> Furniture:
    """The furniture with other words in what hangs on these columns: ``'sad'`` a literal, ``mood`` behind ``::``."""
    known = furniture.catalog.tables[table]
    catalog = furniture.catalog.with_table(
        known.changed(
            columns={
                name: _column(column, words) if name in columns else column for name, column in known.columns.items()
            }
        )
    )
    return furniture.changed(
        catalog=catalog,
        hanging=tuple(
            _hanging(each, words) if each.table == table and columns.keys() & each.columns else each
            for each in furniture.hanging
        ),
    )


def _column(column: TableColumn, words: Mapping[str, str]) -> TableColumn:
    default = column.default
    return column if default is None else column.changed(default=default.changed(sql=_text(default.sql, words)))


def _hanging(each: Hanging, words: Mapping[str, str]) -> Hanging:
    return each.changed(sql=_text(each.sql, words)) if each.kind in ("index", "constraint") else each


def _text(sql: str, words: Mapping[str, str]) -> str:
    return replaced(sql, _places(sql, words))


def _places(sql: str, words: Mapping[str, str]) -> Iterator[tuple[Span, str]]:
    tokens = scan(sql)
    said = [sql[token.start : token.end] for token in tokens]
    for place, word in enumerate(said):
        if word.startswith("'") and word in words:
            yield Span(tokens[place].start, tokens[place].end), words[word]
        elif word == "::":
            last = place + 3 if said[place + 2 : place + 3] == ["."] else place + 1
            if folded(said[last]) in words:
                yield Span(tokens[place + 1].start, tokens[last].end), words[folded(said[last])]
