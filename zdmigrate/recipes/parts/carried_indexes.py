"""Indexes and constraints of a column, made beside the old ones, and given their names in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint, built_index, dropped_index, free_index_name
from zdmigrate.recipes.parts.definitions import included_columns, key_parts
from zdmigrate.recipes.parts.move import Load
from zdmigrate.recipes.parts.phased import Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.move import Move


def index(each: Hanging, move: Move) -> Load:
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
            allowed=_twin(each, move) if unique else "",
            why=f"In the place of {each.name}, after the backfill: before it, it would only have slowed it down.",
        ),
        contract=()
        if _identifies(each, move)
        else dropped_index(
            move.table, each.name, move.ground, f"Nobody needs it any more; {name} takes its name.", sure=True
        ),
        behind=(Said("", f"ALTER INDEX {whole} RENAME TO {spelled(each.name)}"),),
        revert=dropped_index(move.table, name, move.ground),
    )


def in_place(column: str, move: Move) -> str:
    """What the linter cannot know: the statements around the drop have written anew what would go with it."""
    on = move.ground.furniture.on
    kept = [each.name for each in on(move.table.name, column, "index") if _identifies(each, move)]
    allowed = [f"drop-column-indexed because {kept[0]} comes back at once"] if kept else []
    return "\n".join(f"zdmigrate: allow {each}" for each in allowed)


def _identifies(each: Hanging, move: Move) -> bool:
    """Whether replicas know a row by it: it must not go before the new one takes its place."""
    labels = move.ground.furniture.on(move.table.name, None, "label")
    return any(label.name == each.name and label.type.startswith("REPLICA") for label in labels)


def _twin(each: Hanging, move: Move) -> str:
    """The allow that says why upserts may live with two unique indexes: only the user knows who upserts."""
    reason = move.ground.answers.allow.get("twin-unique-upsert")
    if reason is None:
        raise move.ground.refusal(
            f"{each.name} is unique, and so has to be its copy on {', '.join(move.named(each.columns))}: until "
            "contract, INSERT ... ON CONFLICT on either side can fail with 23505 on the other",
            "where no version upserts on it, or each tries again, say so: --allow 'twin-unique-upsert=WHY'",
        )
    if move.names.keys() & each.columns <= included_columns(each.sql):
        return f"not-additive-in-expand because {each.name} forbids the same already"
    return f"twin-unique-upsert because {reason}"


def constraint(each: Hanging, move: Move) -> Load:
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
            allowed=_twin(each, move),
            why=f"In the place of {each.name}: contract makes the constraint of it, and reads nothing.",
        ),
        behind=(Said("", add),),
        revert=dropped_index(move.table, name, move.ground),
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


def told_with_its_column(each: Hanging, move: Move) -> Load:
    """A sequence of an identity, and 18's named NOT NULL: the column's own lines make them again."""
    return Load()


_BY_TYPE: dict[str, Callable[[Hanging, Move], Load]] = {
    "unique": _key,
    "primary_key": _key,
    "check": _check,
    "exclude": _exclusion,
    "not_null": told_with_its_column,
}
