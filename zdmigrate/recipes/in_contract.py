"""What takes something from old versions, or does something else for them, and reads no row: in contract, as it is.

Triggers, rules, policies and row security change what old versions' statements do or see; rights, types, functions and
sequences are used by them. None of it is in an app's code, so that nothing else tells when it may go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing, named_arguments
from zdmigrate.schema import operations as ops

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground

_WHAT = {
    "drop_trigger": "the trigger {name} goes",
    "drop_rule": "the rule {name} goes",
    "drop_policy": "the policy {name} goes",
    "disable_trigger": "the trigger {name} is turned off",
    "disable_rule": "the rule {name} is turned off",
    "enable_rule": "the rule {name} is turned on",
    "create_rule": "the rule {name} comes",
    "alter_policy": "the policy {name} changes",
    "set_row_security": "row security changes",
    "change_owner": "the owner changes",
    "no_inherit": "it is no child any more",
    "revoke": "rights are taken away",
    "drop_object": "the {object_type} {name} goes",
    "drop_sequence": "the sequence {relation} goes",
    "drop_foreign_table": "the foreign table {relation} goes",
}
OPERATIONS = tuple(_WHAT)
_OF_TABLES = (ops.AlterTable, ops.TableObject)
_FUNCTIONS = ("function", "procedure", "routine")


def recipe(operation: Any, ground: Ground) -> Phased:
    if getattr(operation, "cascade", False):
        raise ground.refusal("CASCADE drops what nobody has named", "drop what hangs on it by name, in the same file")
    of_table = isinstance(operation, _OF_TABLES) and operation.relation is not None
    table = ground.furniture.catalog.resolve(operation.relation) if of_table else None
    _leave(operation, ground)
    if not ground.begins(operation):
        return Phased()
    said = Said("", _text(operation, ground))
    what = _WHAT[operation.kind].format_map({"name": "", "object_type": "", **vars_of(operation)}).replace("_", " ")
    told = f"{table.name}: {what}" if table else what[0].upper() + what[1:]
    return Phased(
        table=table,
        notes=(f"{told} in contract: until then, old versions have what they had.",),
        contract=() if table else (said,),
        removal=(said,) if table else (),
    )


def vars_of(operation: ops.Operation) -> dict[str, object]:
    return {name: getattr(operation, name) for name in ("name", "object_type", "relation") if hasattr(operation, name)}


def _leave(operation: Any, ground: Ground) -> None:
    """What may be made again below, which is then another matter."""
    leaving, catalog = ground.names.leaving, ground.furniture.catalog
    if isinstance(operation, ops.DropTrigger | ops.DropPolicy | ops.DropRule) and operation.relation is not None:
        leaving[f"{operation.kind.removeprefix('drop_')} {operation.name}", catalog.resolve(operation.relation)] = ""
    elif operation.kind == "drop_object" and operation.object_type in _FUNCTIONS:
        name = catalog.new_name(operation.name)
        arguments = named_arguments(ground.text_of(operation), operation.name)
        for thing, texts in ground.furniture.texts.functions(name).items():
            if arguments in (None, thing.arguments):
                leaving["function", thing] = texts[0]
        leaving.setdefault(("function", Thing("function", name, arguments or ())), "")


def _text(operation: ops.Operation, ground: Ground) -> str:
    text = ground.text_of(operation)
    if isinstance(operation, ops.AlterTable) and operation.relation is not None:
        return f"ALTER TABLE {ground.spelled(ground.furniture.catalog.resolve(operation.relation))} {text}"
    if operation.kind in ("drop_sequence", "drop_foreign_table"):
        there = "IF EXISTS " if getattr(operation, "if_exists", False) else ""
        return f"{operation.kind.replace('_', ' ').upper()} {there}{text}"
    return text
