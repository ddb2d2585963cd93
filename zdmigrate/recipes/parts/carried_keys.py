"""Foreign keys of columns that a file copies, carried once each, whichever of their two ends is copied.

The new key is added and looked through after the backfill. Contract begins with the exchange, each in a transaction
of its own: what is dropped there is no longer in the way when the tables' own moments come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.phased import Phased, Said, Together
from zdmigrate.recipes.parts.renaming import Piece, folded, replaced
from zdmigrate.schema.names import Name, Span
from zdmigrate.schema.spelling import spelled, spelled_list
from zdmigrate.sql.grammar import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.schema.relations import TableConstraint

Moves = dict[Name, dict[str, str]]
_BEFORE = "ALTER TABLE t ADD "


def carried_keys(moves: Moves, ground: Ground) -> Iterator[Phased]:
    """Every foreign key that is on, or points at, a column that moves."""
    for each in ground.furniture.hanging:
        if each.type == "foreign_key":
            recorded = ground.furniture.catalog.tables[each.table].constraints[each.name]
            own = moves.get(each.table, {})
            other = moves.get(recorded.references, {}) if recorded.references else {}
            referenced = _referenced(each, recorded, ground)
            if own.keys() & set(recorded.columns) or other.keys() & set(referenced):
                columns = [
                    [names.get(column, column) for column in listed]
                    for names, listed in ((own, recorded.columns), (other, referenced))
                ]
                yield _carried(each, recorded, columns, ground)


def _carried(each: Hanging, recorded: TableConstraint, columns: list[list[str]], ground: Ground) -> Phased:
    table = ground.furniture.catalog.tables[each.table]
    if table.partitioned and ground.major < 18:
        raise ground.refusal(f"{each.name} is a foreign key of a partitioned table, which takes no NOT VALID below 18")
    own, other = map(tuple, columns)
    alter = f"ALTER TABLE {ground.spelled(each.table)}"
    name = ground.free(each.table, "_".join(own if own != recorded.columns else (*own, *other)), "fkey")
    definition = _between(each.sql, own, other, dict(zip(recorded.columns, own, strict=True)))
    allowed = "" if _is_new(recorded.columns, own) else f"{each.name} forbids the same already"
    return Phased(
        table=None,
        filled=added_constraint(table, name, definition, ground, valid=recorded.validated, allowed=allowed),
        contract=(
            Together(
                f"{name} holds already; it takes the place, and the name, of {each.name}.",
                (
                    Said("", f"{alter} DROP CONSTRAINT {spelled(each.name)}"),
                    Said("", f"{alter} RENAME CONSTRAINT {spelled(name)} TO {spelled(each.name)}"),
                ),
            ),
        ),
        revert=(Said("", f"{alter} DROP CONSTRAINT IF EXISTS {spelled(name)}"),),
    )


def _is_new(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether all of its columns are new: then the linter sees itself that nobody writes them yet."""
    return not set(old) & set(new)


def _referenced(each: Hanging, recorded: TableConstraint, ground: Ground) -> tuple[str, ...]:
    """The columns that it points at: those that it names, or the primary key's."""
    listed = _Target.of(each.sql).columns
    target = ground.furniture.catalog.table(recorded.references)
    keys = (kept.columns for kept in (target.constraints.values() if target else ()) if kept.type == "primary_key")
    return listed or next(keys, ())


class _Target(NamedTuple):
    """What stands behind FOREIGN KEY (…): the table as it is written, its columns, and the rest."""

    named: str
    columns: tuple[str, ...]
    rest: str

    @classmethod
    def of(cls, definition: str) -> _Target:
        piece = Piece(definition, _BEFORE)
        words = [(Span(t.start - piece.shift, t.end - piece.shift), piece.whole[t.start : t.end]) for t in piece.tokens]
        words = [(span, word) for span, word in words if span.start >= 0]
        first = next(place for place, (_, word) in enumerate(words) if word.lower() == "references")
        last = first + 1
        while last + 2 < len(words) and words[last + 1][1] == ".":
            last += 2
        named, rest = definition[words[first][0].start : words[last][0].end], words[last + 1 :]
        if not rest or rest[0][1] != "(":
            return cls(named, (), definition[words[last][0].end :])
        closing = next(place for place, (_, word) in enumerate(rest) if word == ")")
        columns = tuple(folded(word) for _, word in rest[1:closing] if word != ",")
        return cls(named, columns, definition[rest[closing][0].end :])


def _between(definition: str, own: tuple[str, ...], other: tuple[str, ...], names: dict[str, str]) -> str:
    """The key with other columns on both sides; those that it points at are named, for they may be no key yet."""
    target = _Target.of(definition)
    return f"FOREIGN KEY ({spelled_list(own)}) {target.named} ({spelled_list(other)}){_of_own(target.rest, names)}"


def _of_own(rest: str, names: dict[str, str]) -> str:
    """ON DELETE SET NULL may list some of the key's own columns."""
    places, inside = [], False
    for token in scan(rest):
        word = rest[token.start : token.end]
        inside = (inside or word == "(") and word != ")"
        if inside and folded(word) in names:
            places.append((Span(token.start, token.end), spelled(names[folded(word)])))
    return replaced(rest, places)
