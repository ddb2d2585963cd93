"""All that hangs on a column, carried to another: made beside the old, and given the old's names in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.building import (
    added_constraint,
    built_index,
    dropped_index,
    free_index_name,
    labelled,
)
from zdmigrate.recipes.parts.copied import is_serial
from zdmigrate.recipes.parts.definitions import key_parts
from zdmigrate.recipes.parts.furniture import with_names
from zdmigrate.recipes.parts.phased import Phased, Said, Step
from zdmigrate.recipes.parts.renaming import Piece, folded, renamed_definition, replaced
from zdmigrate.recipes.parts.views import renamed_view
from zdmigrate.schema.constraints import object_name
from zdmigrate.schema.names import Span
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zdmigrate.recipes.parts.furniture import Hanging
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.relations import Table, TableColumn


class Load(NamedTuple):
    """One thing carried; ``ahead`` and ``behind`` stand in contract's transaction before and after the old goes."""

    expand: tuple[Step, ...] = ()
    filled: tuple[Step, ...] = ()
    contract: tuple[Step, ...] = ()
    ahead: tuple[Said, ...] = ()
    behind: tuple[Said, ...] = ()
    revert: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


class Move(NamedTuple):
    """From which columns of a table to which: all that a file copies there, for an index may name two of them."""

    table: Table
    names: dict[str, str]
    ground: Ground
    changes_types: bool = False

    @property
    def alter(self) -> str:
        return f"ALTER TABLE {self.ground.spelled(self.table.name)}"

    def named(self, columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.names.get(column, column) for column in columns)

    def renamed(self, each: Hanging) -> str:
        return with_names(each, self.names).sql


def carried(table: Table, names: dict[str, str], ground: Ground, *, changes_types: bool = False) -> Phased:
    """What makes new columns stand where old ones stand. Raises CannotRewrite, naming what cannot be carried."""
    move = Move(table, names, ground, changes_types)
    loads: list[Load] = []
    for column in (table.columns[name] for name in names):
        _refuse(column, move)
        loads += [_not_null(column, move), _default(column, move)]
    hanging = [each for each in ground.furniture.on(table.name) if names.keys() & each.columns]
    hanging = [each for each in hanging if each.type != "foreign_key"]
    hanging.sort(key=lambda each: each.kind == "label")  # by then, the new things have the old names
    loads += [_CARRIERS[each.kind](each, move) for each in hanging]
    return Phased(
        table=table.name,
        notes=tuple(note for load in loads for note in load.notes),
        expand=tuple(step for load in loads for step in load.expand),
        filled=tuple(step for load in loads for step in load.filled),
        contract=tuple(step for load in loads for step in load.contract),
        removal=(
            *(said for load in loads for said in load.ahead),
            *(Said(_in_place(old, move), f"{move.alter} DROP COLUMN {spelled(old)}") for old in names),
            *(said for load in loads for said in load.behind),
        ),
        revert=tuple(step for load in reversed(loads) for step in load.revert),
    )


def _refuse(column: TableColumn, move: Move) -> None:
    """What the trigger cannot do, or what has no definition that could be made again."""
    table, refusal = move.table, move.ground.refusal
    told = f"{table.name}.{column.name}"
    if table.inherits or (table.children and not table.partitioned):
        raise refusal(f"{table.name} inherits or is inherited from, and triggers are not", "drop the inheritance first")
    if table.partition_of is not None:
        raise refusal(f"{table.name} is a partition: its columns are those of {table.partition_of}")
    if column.generated:
        raise refusal(f"{told} is generated: a trigger cannot write it", "drop its expression first, or add a new one")
    for other in table.columns.values():
        if other.generation is not None and column.name in other.generation.columns:
            raise refusal(f"{table.name}.{other.name} is generated from {told}", f"drop {other.name} first")


# --------------------------------------------------------------------------- the column's own


def _not_null(column: TableColumn, move: Move) -> Load:
    """NOT NULL by way of a CHECK, which is validated while everybody works; SET NOT NULL then need not look."""
    if not column.not_null:
        return Load()
    new = move.names[column.name]
    name = move.ground.free(move.table.name, new, "filled")
    return Load(
        filled=added_constraint(move.table, name, f"CHECK ({spelled(new)} IS NOT NULL)", move.ground),
        ahead=(
            Said("The CHECK has proven it: no row is read.", f"{move.alter} ALTER COLUMN {spelled(new)} SET NOT NULL"),
            Said("", f"{move.alter} DROP CONSTRAINT {spelled(name)}"),
        ),
    )


def _default(column: TableColumn, move: Move) -> Load:
    """From contract on: as long as the trigger is there, a default would hide what the old version writes."""
    if is_serial(column):
        return _serial(column, move)
    if column.identity is not None:
        return _identity(column, move)
    if column.default is None:
        return Load()
    new = spelled(move.names[column.name])
    return Load(ahead=(Said("", f"{move.alter} ALTER COLUMN {new} SET DEFAULT {column.default.sql}"),))


def _serial(column: TableColumn, move: Move) -> Load:
    """A serial as files write it; the database describes it as a default and an owned sequence."""
    sequence = move.ground.beside(move.table.name, object_name(move.table.name.name, column.name, "seq"))
    new = spelled(move.names[column.name])
    literal = "'" + sequence.replace("'", "''") + "'"
    default = Said("", f"{move.alter} ALTER COLUMN {new} SET DEFAULT nextval({literal}::regclass)")
    return Load(ahead=(default, _owned_by(sequence, new, move)))


def _owned_by(sequence: str, new: str, move: Move) -> Said:
    return Said("", f"ALTER SEQUENCE {sequence} OWNED BY {move.ground.spelled(move.table.name)}.{new}")


def _owned(each: Hanging, move: Move) -> Load:
    """The sequence stays when the column goes: it belongs to the new one by then."""
    (new,) = move.named(each.columns)
    return Load(ahead=(_owned_by(each.name.removeprefix("sequence "), spelled(new), move),))


def _identity(column: TableColumn, move: Move) -> Load:
    """An identity's sequence cannot change hands: a new one goes on where the old one stands."""
    ground, table, new = move.ground, move.table.name, move.names[column.name]
    old_sequence = ground.furniture.sequence_of(table, column.name) or object_name(table.name, column.name, "seq")
    name = ground.free(table, new, "seq")
    options = f"SEQUENCE NAME {ground.beside(table, name)}{ground.furniture.identity_options(table, column.name)}"
    sequence, old = ground.beside(table, name), ground.beside(table, old_sequence)
    literal = "'" + sequence.replace("'", "''") + "'"
    kind = (column.identity or "always").upper()
    return Load(
        ahead=(
            Said(
                "The sequence of an identity cannot change hands: a new one goes on where the old one stands.",
                f"{move.alter} ALTER COLUMN {spelled(new)} ADD GENERATED {kind} AS IDENTITY ({options})",
            ),
            Said("", f"SELECT pg_catalog.setval({literal}, last_value, is_called) FROM {old}"),
        ),
        behind=(Said("", f"ALTER SEQUENCE {sequence} RENAME TO {spelled(old_sequence)}"),),
    )


# --------------------------------------------------------------------------- indexes and constraints


def _index(each: Hanging, move: Move) -> Load:
    unique = each.type == "unique"
    name = free_index_name(move.table.name, move.named(each.columns), move.ground)
    whole = move.ground.beside(move.table.name, name)
    return Load(
        filled=built_index(
            move.table,
            name,
            move.renamed(each),
            move.ground,
            unique=unique,
            allowed=_allowed(each, move) if unique else "",
            why=f"In the place of {each.name}, after the backfill: before it, it would only have slowed it down.",
        ),
        contract=()
        if _identifies(each, move)
        else dropped_index(
            move.table, each.name, move.ground, f"Nobody needs it any more; {name} takes its name.", sure=True
        ),
        behind=(Said("", f"ALTER INDEX {whole} RENAME TO {spelled(each.name)}"),),
        revert=dropped_index(move.table, name, move.ground),
        notes=_twins(each, move) if unique else (),
    )


def _in_place(column: str, move: Move) -> str:
    """What the linter cannot know: the statements around the drop have written anew what would go with it."""
    on = move.ground.furniture.on
    kept = [each.name for each in on(move.table.name, column, "index") if _identifies(each, move)]
    policies = [each.name for each in on(move.table.name, column, "policy")]
    allowed = [f"drop-column-indexed because {kept[0]} comes back at once"] if kept else []
    allowed += [f"drop-column-in-use because {policies[0]} was altered above"] if policies else []
    return "\n".join(f"zdmigrate: allow {each}" for each in allowed)


def _identifies(each: Hanging, move: Move) -> bool:
    """Whether replicas know a row by it: it must not go before the new one takes its place."""
    labels = move.ground.furniture.on(move.table.name, None, "label")
    return any(label.name == each.name and label.type.startswith("REPLICA") for label in labels)


def _twins(each: Hanging, move: Move) -> tuple[str, ...]:
    twin = ", ".join(move.named(each.columns))
    told = (
        f"{each.name} is unique, and gets a twin on {twin}: until contract, INSERT ... ON CONFLICT on either side can "
        "fail with 23505 on the other. Versions that upsert on it have to try again then."
    )
    return (told,)


def _constraint(each: Hanging, move: Move) -> Load:
    return _BY_TYPE[each.type](each, move)


def _key(each: Hanging, move: Move) -> Load:
    """UNIQUE or PRIMARY KEY: its index is built concurrently, and taken over in contract."""
    parts = key_parts(move.renamed(each))
    name = move.ground.free(move.table.name, "_".join(move.named(each.columns)), "idx")
    kind = "PRIMARY KEY" if each.type == "primary_key" else "UNIQUE"
    add = f"{move.alter} ADD CONSTRAINT {spelled(each.name)} {kind} USING INDEX {spelled(name)}{parts.deferrable}"
    if move.table.partitioned:
        raise move.ground.refusal(f"{each.name} is the key of a partitioned table, and has no USING INDEX")
    return Load(
        filled=built_index(
            move.table,
            name,
            parts.built,
            move.ground,
            unique=True,
            allowed=_allowed(each, move),
            why=f"In the place of {each.name}: contract makes the constraint of it, and reads nothing.",
        ),
        behind=(Said("", add),),
        revert=dropped_index(move.table, name, move.ground),
        notes=_twins(each, move),
    )


def _allowed(each: Hanging, move: Move) -> str:
    """Why it may stand in expand; where all of its columns are new, the linter sees that itself."""
    return "" if set(each.columns) <= move.names.keys() else f"{each.name} forbids the same already"


def _check(each: Hanging, move: Move) -> Load:
    recorded = move.table.constraints[each.name]
    name = move.ground.free(move.table.name, "_".join(move.named(each.columns)), "check")
    allowed = _allowed(each, move)
    valid = recorded.validated
    return Load(
        filled=added_constraint(move.table, name, move.renamed(each), move.ground, valid=valid, allowed=allowed),
        ahead=(Said("", f"{move.alter} DROP CONSTRAINT {spelled(each.name)}"),),
        behind=(Said("", f"{move.alter} RENAME CONSTRAINT {spelled(name)} TO {spelled(each.name)}"),),
    )


def _exclusion(each: Hanging, move: Move) -> Load:
    raise move.ground.refusal(
        f"{each.name} is an EXCLUDE constraint of {move.table.name}: its index cannot be built "
        "concurrently, nor taken over",
        "leave it to a maintenance window",
    )


def _told_with_its_column(each: Hanging, move: Move) -> Load:
    """A sequence of an identity, and 18's named NOT NULL: the column's own lines make them again."""
    return Load()


_BY_TYPE: dict[str, Callable[[Hanging, Move], Load]] = {
    "unique": _key,
    "primary_key": _key,
    "check": _check,
    "exclude": _exclusion,
    "not_null": _told_with_its_column,
}


# --------------------------------------------------------------------------- settings, comments, privileges


def _setting(each: Hanging, move: Move) -> Load:
    piece = Piece(each.sql, "ALTER TABLE t ")
    names = [token for token in piece.tokens if token.start >= piece.shift][1:3]
    token = next(token for token in names if piece.whole[token.start : token.end].lower() != "column")
    place = Span(token.start - piece.shift, token.end - piece.shift)
    (new,) = move.named(each.columns)
    return Load(expand=(Said("", f"{move.alter} {replaced(each.sql, [(place, spelled(new))])}"),))


def _comment(each: Hanging, move: Move) -> Load:
    (new,) = move.named(each.columns)
    column = f"{move.ground.spelled(move.table.name)}.{spelled(new)}"
    return Load(expand=(Said("", f"COMMENT ON COLUMN {column} IS {each.sql}"),))


def _grant(each: Hanging, move: Move) -> Load:
    """Without it, the new version gets 42501."""
    piece = Piece(each.sql, "")
    end = next(token.start for token in piece.tokens if each.sql[token.start : token.end].lower() == "on")
    places = [
        (Span(token.start, token.end), spelled(move.names[word]))
        for token in piece.tokens
        if token.start < end and (word := folded(each.sql[token.start : token.end])) in move.names
    ]
    return Load(expand=(Said("", replaced(each.sql, places)),))


def _statistics(each: Hanging, move: Move) -> Load:
    """Extended statistics go with any of their columns; the planner has the new ones from the next ANALYZE on."""
    piece = Piece(each.sql, "CREATE STATISTICS s ON ", " FROM t")
    found = {span: words[-1] for span, words in piece.references()} | dict(piece.elements())
    places = [(span, spelled(move.names[word])) for span, word in found.items() if word in move.names]
    name = move.ground.free(move.table.name, "_".join(move.named(each.columns)), "stat")
    whole, kinds = move.ground.beside(move.table.name, name), f" ({each.type})" if each.type else ""
    table = move.ground.spelled(move.table.name)
    return Load(
        filled=(
            Said(
                f"In the place of {each.name}; ANALYZE fills it.",
                f"CREATE STATISTICS {whole}{kinds} ON {replaced(each.sql, places)} FROM {table}",
            ),
        ),
        behind=(Said("", f"ALTER STATISTICS {whole} RENAME TO {spelled(each.name)}"),),
        revert=(Said("", f"DROP STATISTICS IF EXISTS {whole}"),),
    )


def _label(each: Hanging, move: Move) -> Load:
    return Load(behind=(Said("", labelled(each, move.table, move.ground)),))


def _policy(each: Hanging, move: Move) -> Load:
    """As the database describes it; what a file wrote may name columns of other tables, too."""
    told = f"the policy {each.name} of {move.table.name} names {', '.join(move.names.keys() & each.columns)}"
    if not each.sql.startswith("ALTER POLICY "):
        raise move.ground.refusal(told, "name the database with --dsn: it says what the policy means")
    if move.changes_types or "select" in each.sql.lower():
        raise move.ground.refusal(f"{told}, and cannot be written anew", "write its contract by hand")
    renamed = renamed_definition(each.sql, "", move.names)
    return Load(ahead=(Said("The same rows, by the new column.", renamed),))


def _published(each: Hanging, move: Move) -> Load:
    """A list of columns is given anew as a whole; a subscriber has to have the new column by then."""
    publication, table = spelled(each.name), move.ground.spelled(move.table.name)
    columns = ", ".join(map(spelled, move.named(each.columns)))
    return Load(
        ahead=(
            Said("", f"ALTER PUBLICATION {publication} DROP TABLE {table}"),
            Said("", f"ALTER PUBLICATION {publication} ADD TABLE {table} ({columns}){each.sql}"),
        ),
        notes=(f"Subscribers of {each.name} have to have {columns} before contract.",),
    )


def _view(each: Hanging, move: Move) -> Load:
    """Its output keeps its names and its types, or its readers would notice."""
    told = f"the view {each.name} reads {move.table.name}.{', '.join(move.names.keys() & each.columns)}"
    if move.changes_types:
        raise move.ground.refusal(
            f"{told}: a view cannot change the type of what it gives",
            "drop it in a change of its own first, and make it again after this one's contract",
        )
    query = renamed_view(each.sql, move.table.name, move.names, move.ground.furniture.catalog)
    if query is None:
        raise move.ground.refusal(
            f"{told} by a star, a USING or a whole row, and cannot be written anew",
            "name the database with --dsn: it knows the view with all its columns named",
        )
    return Load(ahead=(Said("The same output, from the new column.", query),))


def _bystander(each: Hanging, move: Move) -> Load:
    raise move.ground.refusal(
        f"{each.told} names {move.table.name}.{', '.join(move.names.keys() & each.columns)}, and cannot be carried",
        "drop it in a change of its own first, and make it again after this one's contract",
    )


_CARRIERS: dict[str, Callable[[Hanging, Move], Load]] = {
    "index": _index,
    "constraint": _constraint,
    "setting": _setting,
    "comment": _comment,
    "grant": _grant,
    "statistics": _statistics,
    "owned": _owned,
    "identity": _told_with_its_column,
    "view": _view,
    "label": _label,
    "policy": _policy,
    "publication": _published,
    **dict.fromkeys(("trigger", "other"), _bystander),
}
