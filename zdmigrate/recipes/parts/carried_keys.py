"""Foreign keys of columns that a file copies, carried once each, whichever of their two ends is copied.

The new key is added and looked through after the backfill. Contract begins with the exchange, each in a transaction
of its own: what is dropped there is no longer in the way when the tables' own moments come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.phased import Phased, Said, Together
from zdmigrate.recipes.parts.renaming import Piece, folded, replaced
from zdmigrate.schema.facts_of_design import key_fits
from zdmigrate.schema.names import Name, Span
from zdmigrate.schema.spelling import spelled, spelled_list
from zdmigrate.sql.grammar import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.operations import TypeName
    from zdmigrate.schema.relations import TableConstraint

Moves = dict[Name, dict[str, str]]
Kinds = dict[Name, "dict[str, TypeName]"]  # of new columns that are of another type than the old ones
_DIFFER = "one end keeps its type: change that, too, before it is too narrow"
_BEFORE = "ALTER TABLE t ADD "


def carried_keys(moves: Moves, kinds: Kinds, ground: Ground) -> Iterator[Phased]:
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
                fits = _fits(each.table, recorded, zip(referenced, *columns, strict=False), kinds, ground)
                yield _carried(each, recorded, columns, ground, fits=fits)


def _carried(
    each: Hanging, recorded: TableConstraint, columns: list[list[str]], ground: Ground, *, fits: bool
) -> Phased:
    table = ground.furniture.catalog.tables[each.table]
    if table.partitioned and ground.major < 18:
        raise ground.refusal(f"{each.name} is a foreign key of a partitioned table, which takes no NOT VALID below 18")
    own, other = map(tuple, columns)
    alter = f"ALTER TABLE {ground.spelled(each.table)}"
    name = ground.free(each.table, "_".join(own if own != recorded.columns else (*own, *other)), "fkey")
    definition = _between(each.sql, own, other, dict(zip(recorded.columns, own, strict=True)))
    allowed = "" if _is_new(recorded.columns, own) else f"{each.name} forbids the same already"
    filled = added_constraint(table, name, definition, ground, valid=recorded.validated, allowed=allowed)
    return Phased(
        table=None,
        filled=filled if fits else _with_word(filled),
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


def _fits(
    table: Name, recorded: TableConstraint, pairs: Iterable[tuple[str, str, str]], kinds: Kinds, ground: Ground
) -> bool:
    """Whether the key's columns still fit those that they point at: by (old one there, new one here, new one there)."""
    catalog, there = ground.furniture.catalog, recorded.references

    def kind(of: Name | None, old: str, new: str) -> TypeName | None:
        known = catalog.column(of, old) if of else None
        return kinds.get(of, {}).get(new, known.type if known else None) if of else None

    for own, (other, new, new_other) in zip(recorded.columns, pairs, strict=False):
        here, beyond = kind(table, own, new), kind(there, other, new_other)
        if here and beyond and not key_fits(here, beyond, catalog):
            return False
    return True


def _with_word(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """With a word to the linter, which finds two types where a reviewer was told of them."""
    first, *rest = steps
    assert isinstance(first, Said)
    return (first._replace(why=f"{first.why}\nzdmigrate: allow fk-type-mismatch because {_DIFFER}"), *rest)


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
