"""Several operations of one file as one change: a table has one trigger, one backfill, and one moment in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.carried import carried
from zdmigrate.recipes.parts.carried_keys import carried_keys
from zdmigrate.recipes.parts.computing import Computing
from zdmigrate.recipes.parts.dual_write import Sync
from zdmigrate.recipes.parts.move import Move
from zdmigrate.recipes.parts.phased import Phased, Said, Step, Together
from zdmigrate.recipes.parts.retold import retold
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zdmigrate.recipes.parts.computing import Computed
    from zdmigrate.recipes.parts.furniture import Furniture
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName

AT_ONCE = "In one transaction, so that the table's lock is taken once."
IN_STEP = "All in one transaction, so that the table's lock is taken once: between these, every write would fail."
IF_THERE = "IF EXISTS: an expand that stopped half way is undone by the same statements."


class Section(NamedTuple):
    """A section of the change file; ``name`` is its marker's."""

    name: str
    steps: tuple[Step, ...]


class Rewritten(NamedTuple):
    """The change: what a reviewer has to know, and its sections in order, none of them empty."""

    notes: tuple[str, ...]
    sections: tuple[Section, ...]


def merged(parts: Sequence[Phased], ground: Ground) -> Rewritten:
    """The operations' phases as one change. ``ground`` is where the first of them stands."""
    parts = _with_carried(parts, ground)
    syncs, computings = _syncs(parts, ground), _computings(parts, ground)
    kept: tuple[Sync | Computing, ...] = (*syncs.values(), *computings.values())  # by triggers
    sections = (
        Section("expand", (*_all(parts, "expand"), *(step for each in kept for step in each.begin()))),
        Section("backfill", _once((*(each.backfill() for each in kept), *_all(parts, "backfill")))),
        Section("expand", _all(parts, "filled")),
        Section("contract", _contract(parts, syncs)),
        Section("revert", _revert(parts, syncs, computings)),
    )
    notes = dict.fromkeys((*(note for part in parts for note in part.notes), *_unproven(syncs, ground)))
    return Rewritten(tuple(notes), _joined([section for section in sections if section.steps]))


def _unproven(tables: Iterable[Name], ground: Ground) -> Iterator[str]:
    """The backfill writes every row, and so meets those that a NOT VALID CHECK has been sparing."""
    for table in tables:
        checks = [each for each in ground.table(table).constraints.values() if each.type == "check"]
        for name in (each.name for each in checks if not each.validated):
            if "enforced" not in ground.furniture.said_of(table, name):
                yield f"A row of {table.name} that breaks {name}, which is NOT VALID, stops the backfill: mend it."


def _with_carried(parts: Sequence[Phased], ground: Ground) -> list[Phased]:
    """The parts, each table's first copied column with what hangs on all of that table's."""
    moved: dict[Name, dict[str, str]] = {}
    for part in parts:
        if part.table is not None and part.moved:
            moved.setdefault(part.table, {}).update(part.moved)
    moves = dict(moved)
    whole: list[Phased] = []
    settings: list[Phased] = []
    for part in parts:
        names = moved.pop(part.table, {}) if part.table is not None and part.moved else {}
        if names and part.table is not None:
            own = [other for other in parts if other.table == part.table]
            changed = frozenset(old for other in own for pair in other.pairs if not pair.exact for old in pair.old)
            # a type whose copy takes its name goes in contract: nothing can be of it any more
            downs = {old: down for other in own if not other.words for pair in other.pairs for old, down in pair.down}
            kinds = {column: kind for other in own for column, kind in other.kinds.items()}
            furniture = _without_defaults(ground, part.table, names)
            told = ground._replace(furniture=retold(furniture, part.table, names, part.words))
            load = carried(Move(told.table(part.table), names, told, changed, kinds, downs))
            settings.append(Phased(table=part.table, expand=load.expand))  # when all of the new columns are there
            part = _with(part, load)
        whole.append(part)
    new = {(table, column) for table, names in moves.items() for column in names.values()}
    others = [part for part in whole if part.tells_of not in new]
    # the file's word comes after what is carried, and goes with the column
    anew = [part.changed(notes=()) for part in whole if part.tells_of in new]
    return [*others, *settings, *anew, *carried_keys(moves, _kinds(parts), ground)]


def _kinds(parts: Sequence[Phased]) -> dict[Name, dict[str, TypeName]]:
    kinds: dict[Name, dict[str, TypeName]] = {}
    for part in parts:
        if part.table is not None:
            kinds.setdefault(part.table, {}).update(part.kinds)
    return kinds


def _without_defaults(ground: Ground, table: Name, columns: Iterable[str]) -> Furniture:
    """A default that the file drops, or changes, is not carried."""
    leaving = {thing for kind, thing in ground.names.leaving if kind == "default"}
    gone = [column for column in columns if Thing("default", table, (column,)) in leaving]
    alter = f"ALTER TABLE {ground.spelled(table)} ALTER COLUMN"
    return ground.furniture.with_script("".join(f"{alter} {spelled(column)} DROP DEFAULT;" for column in gone))


def _with(part: Phased, other: Phased) -> Phased:
    return part.changed(
        notes=part.notes + other.notes,
        filled=part.filled + other.filled,
        contract=part.contract + other.contract,
        removal=part.removal + other.removal,
        revert=part.revert + other.revert,
    )


def _joined(sections: list[Section]) -> tuple[Section, ...]:
    """Two expands without a backfill between them are one."""
    joined: list[Section] = []
    for section in sections:
        if joined and joined[-1].name == section.name:
            joined[-1] = Section(section.name, joined[-1].steps + section.steps)
        else:
            joined.append(section)
    return tuple(joined)


def _syncs(parts: Sequence[Phased], ground: Ground) -> dict[Name, Sync]:
    tables = dict.fromkeys(pair.table for part in parts for pair in part.pairs)
    return {
        table: Sync([pair for part in parts for pair in part.pairs if pair.table == table], ground) for table in tables
    }


def _computings(parts: Sequence[Phased], ground: Ground) -> dict[Name, Computing]:
    columns: dict[Name, list[Computed]] = {}
    for part in parts:
        if part.table is not None and part.computed:
            columns.setdefault(part.table, []).extend(part.computed)
    return {table: Computing(table, own, ground) for table, own in columns.items()}


def _all(parts: Sequence[Phased], section: str) -> tuple[Step, ...]:
    return tuple(step for part in parts for step in getattr(part, section))


def _once(backfills: tuple[Step, ...]) -> tuple[Step, ...]:
    """A file that sets NOT NULL often fills the column itself, in the words in which the recipe does."""
    return tuple({step.sql if isinstance(step, Said) else step: step for step in backfills}.values())


def _contract(parts: Sequence[Phased], syncs: dict[Name, Sync]) -> tuple[Step, ...]:
    steps = [*_all(parts, "contract")]
    for table in _tables(parts, syncs):
        own = [said for part in parts if part.table == table for said in part.removal]
        steps += _at_once(
            [*(syncs[table].end() if table in syncs else ()), *own], IN_STEP if table in syncs else AT_ONCE
        )
    return (*steps, *_all(parts, "afterwards"))


def _revert(parts: Sequence[Phased], syncs: dict[Name, Sync], computings: dict[Name, Computing]) -> tuple[Step, ...]:
    if any(part.irreversible for part in parts):
        return ()
    back = list(reversed(parts))
    steps = [*_all(back, "revert")]
    for table in _tables(back, syncs):
        own = [said for part in back if part.table == table for said in part.undoing]
        kept = (*(syncs[table].end("IF EXISTS ") if table in syncs else ()),)
        computed = computings[table].end() if table in computings else ()
        steps += _at_once([*kept, *computed, *own], IF_THERE)
    return tuple(steps)


def _tables(parts: Sequence[Phased], syncs: dict[Name, Sync]) -> list[Name]:
    return list(dict.fromkeys([*syncs, *(part.table for part in parts if part.table is not None)]))


def _at_once(statements: list[Said], why: str) -> list[Step]:
    if len(statements) < 2:
        return [*statements]
    return [Together(why, tuple(statements))]
