"""Rename a function or a type, or move it to another schema: both names work until contract.

A function has a copy under its new name. A type has a domain under its new name, with which one casts as with the type;
for an enum there is no such thing: its operators do not take a domain over it (measured on 14 and 18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.functions import called, named, refuse_like_calls, said_of, spelled_function
from zdmigrate.recipes.parts.phased import Phased, Said, Together
from zdmigrate.recipes.parts.texts import Thing, labels, named_arguments, signature
from zdmigrate.recipes.rename_enum_value import columns_of, quoted
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import MoveObject
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.operations import RenameObject

OPERATIONS = ("rename_object", "move_object")
MEANWHILE = ("uses the old name", "uses the new name")
_AT_ONCE = "In one transaction: the new name is never missing, and what uses the old one goes on to use it."


def recipe(operation: RenameObject, ground: Ground) -> Phased:
    old = ground.furniture.catalog.new_name(operation.name)
    moved = isinstance(operation, MoveObject)
    new = Name(operation.new_name, old.name) if moved else Name(old.schema, operation.new_name)
    if operation.object_type in ("function", "procedure", "routine"):
        return _function(operation, old, new, ground)
    if operation.object_type in ("type", "domain"):
        return _type(operation, old, new, ground)
    raise ground.refusal(
        f"the {operation.object_type} {old.name} has one name, and old versions use it",
        "make a new one, let the new version use it, and drop the old one in contract",
    )


def _function(operation: RenameObject, old: Name, new: Name, ground: Ground) -> Phased:
    thing, (text, *others) = _found(operation, old, ground)
    copy = Thing("function", new, thing.arguments)
    refuse_like_calls(copy, signature(text), ground)
    kind, spelled_copy = operation.object_type.upper(), ground.spelled(new)
    arguments = f"({', '.join(thing.arguments)})"
    return Phased(
        notes=(
            f"{called(thing)} becomes {_told(new, old)}: until contract, versions may call either.",
            "The copy has the rights, the owner and the comment of the old one.",
        ),
        expand=_copied(named(text, spelled_copy), others, f"{spelled_copy}{arguments}"),
        contract=(
            Together(
                _AT_ONCE,
                (
                    Said("", f"DROP {kind} {spelled_copy}{arguments}"),
                    Said("", f"ALTER {kind} {spelled_function(thing, ground)} {_change(operation)}"),
                ),
            ),
        ),
        revert=(Said("", f"DROP {kind} IF EXISTS {spelled_copy}{arguments}"),),
    )


def _copied(made: str, others: list[str], copy: str) -> tuple[Step, ...]:
    created = Said("A copy under the new name.", made)
    if not others:
        return (created,)
    own = (Said("", said_of(text, copy)) for text in others)
    return (Together("In one transaction: nobody calls it who may not call the old one.", (created, *own)),)


def _found(operation: RenameObject, old: Name, ground: Ground) -> tuple[Thing, tuple[str, ...]]:
    """The one function that is meant, the statement that made it, and what was said of it since."""
    arguments = named_arguments(ground.text_of(operation), operation.name)
    made = ground.furniture.texts.functions(old)
    fitting = [(thing, texts) for thing, texts in made.items() if arguments in (None, thing.arguments)]
    if len(fitting) != 1:
        raise ground.refusal(f"nothing says how the function {old} was made", "name the database with --dsn")
    return fitting[0]


def _type(operation: RenameObject, old: Name, new: Name, ground: Ground) -> Phased:
    catalog = ground.furniture.catalog
    if old not in catalog.types and old not in catalog.domains:
        raise ground.refusal(f"nothing says how the type {old} was made", "name the database with --dsn")
    if texts := ground.furniture.texts.of(Thing("type", old)):
        raise ground.refusal(
            f"{old} is an enum, and a domain under the new name has none of its operators: comparisons fail",
            f"keep the name; or copy its columns into a type of its own: {_as_copies(old, new, texts, ground)}",
        )
    domain, kind = ground.spelled(new), operation.object_type.upper()
    return Phased(
        notes=(
            f"{old.name} becomes {_told(new, old)}: until contract, versions may cast to either.",
            "What was prepared with a parameter of the new type is prepared anew after contract: its number changes.",
        ),
        expand=(
            Said(
                "A domain without constraints casts as its type does.",
                f"CREATE DOMAIN {domain} AS {ground.spelled(old)}",
            ),
        ),
        contract=(
            Together(
                _AT_ONCE,
                (
                    Said("", f"DROP DOMAIN {domain}"),
                    Said("", f"ALTER {kind} {ground.spelled(old)} {_change(operation)}"),
                ),
            ),
        ),
        revert=(Said("", f"DROP DOMAIN IF EXISTS {domain}"),),
    )


def _as_copies(old: Name, new: Name, texts: tuple[str, ...], ground: Ground) -> str:
    """A file that says the same with a type of its own, and what ``rewrite`` has to be told then."""
    to = ground.spelled(new)
    made = f"CREATE TYPE {to} AS ENUM ({', '.join(map(quoted, labels(texts)))})"
    columns = list(columns_of(old, ground))
    if not columns:
        return f"{made}; and let new versions use it"
    (table, column), *others = columns
    name, key = spelled(column.name), f"{table.name.name}.{column.name}"
    change = f"ALTER TABLE {ground.spelled(table.name)} ALTER {name} TYPE {to} USING {name}::text::{to}"
    rest = ", ".join(f"{table.name.name}.{column.name}" for table, column in others)
    return (
        f"{made}; {change}; and rewrite --as {key}=COPY --down '{key}=COPY::text::{ground.spelled(old)}'"
        + f"; the same for {rest}" * bool(rest)
    )


def _told(new: Name, old: Name) -> str:
    return new.name if new.schema == old.schema else str(new)


def _change(operation: RenameObject) -> str:
    verb = "SET SCHEMA" if isinstance(operation, MoveObject) else "RENAME TO"
    return f"{verb} {spelled(operation.new_name)}"
