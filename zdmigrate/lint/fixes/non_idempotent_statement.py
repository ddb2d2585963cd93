"""IF NOT EXISTS or IF EXISTS, where the statement has one and says nothing else by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place

# The word that IF [NOT] EXISTS stands behind, in the statement or in the action of an ALTER TABLE.
_MADE = {
    "create_table": "TABLE",
    "create_index": "INDEX",
    "add_column": "COLUMN",
}
_DROPPED = {
    "drop_table": "TABLE",
    "drop_view": "VIEW",
    "drop_materialized_view": "VIEW",
    "drop_sequence": "SEQUENCE",
    "drop_foreign_table": "TABLE",
    "drop_index": "INDEX",
    "drop_column": "COLUMN",
    "drop_constraint": "CONSTRAINT",
}


def edits(place: Place) -> Iterator[Edit]:
    kind = place.operation.kind
    if kind not in _MADE and kind not in _DROPPED:
        raise RefusedError("the statement has no IF EXISTS: put BEGIN and COMMIT around it")
    if kind == "create_index" and place.operation.name is None:
        raise RefusedError("IF NOT EXISTS needs the index's name: give it one")
    at = _behind(place, _MADE.get(kind) or _DROPPED[kind])
    yield Edit(at, at, place.sql(" IF NOT EXISTS" if kind in _MADE else " IF EXISTS"))


def _behind(place: Place, word: str) -> int:
    """The end of the word, or of the CONCURRENTLY behind it; of ADD and DROP where COLUMN is left out."""
    is_action = place.operation.kind in ("add_column", "drop_column", "drop_constraint")
    words = place.words_in(place.operation.span if is_action else place.statement.span)
    if is_action and words[1].text != word:
        return words[0].end
    number = next(number for number, found in enumerate(words) if found.text == word)
    return words[number + (words[number + 1].text == "CONCURRENTLY")].end
