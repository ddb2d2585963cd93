"""What takes something from old versions, or does something else for them, and reads no row: in contract, as it is.

Triggers, rules, policies and row security change what old versions' statements do or see; rights, types, functions and
sequences are used by them. None of it is in an app's code, so that nothing else tells when it may go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing, named_arguments
from zdmigrate.schema import operations as ops
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name

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
    "alter_constraint": "the constraint {name} changes",
    "drop_expression": "{column} is computed no more",
    "drop_object": "the {object_type} {name} goes",
    "drop_sequence": "the sequence {relation} goes",
    "drop_foreign_table": "the foreign table {relation} goes",
}
OPERATIONS = tuple(_WHAT)
MEANWHILE = ("has what it had", "does without")
_ALLOWED = {"disable_trigger": "zdmigrate: allow disable-trigger because no version that counts on it lives any more"}
_USED_BY_TABLES = ("drop_object", "drop_sequence")  # by triggers, columns and defaults that go in this file, too
_OF_TABLES = (ops.AlterTable, ops.TableObject)
_FUNCTIONS = ("function", "procedure", "routine")


def recipe(operation: Any, ground: Ground) -> Phased:
    if getattr(operation, "cascade", False):
        raise ground.refusal("CASCADE drops what nobody has named", "drop what hangs on it by name, in the same file")
    _refuse_what_reads(operation, ground)
    of_table = isinstance(operation, _OF_TABLES) and operation.relation is not None
    table = ground.furniture.catalog.resolve(operation.relation) if of_table else _numbered_by(operation, ground)
    _leave(operation, ground)
    if not ground.begins(operation):
        return Phased()
    said = Said(_allowed(operation, ground), _text(operation, ground))
    behind = operation.kind in _USED_BY_TABLES
    what = _WHAT[operation.kind].format_map(vars_of(operation))
    told = f"{table.name}: {what}" if table else what[0].upper() + what[1:]
    return Phased(
        table=table,
        notes=(f"{told} in contract: until then, old versions have what they had.",),
        contract=() if table or behind else (said,),
        removal=(said,) if table else (),
        afterwards=(said,) if behind and not table else (),
    )


def _allowed(operation: Any, ground: Ground) -> str:
    """The linter knows itself that nobody counts on a trigger which the same file makes."""
    made = {
        (each.relation, each.name)
        for statement in read_script(ground.text).statements
        for each in statement.operations
        if isinstance(each, ops.CreateTrigger)
    }
    own = operation.kind == "disable_trigger" and (operation.relation, operation.name) in made
    return "" if own else _ALLOWED.get(operation.kind, "")


def _numbered_by(operation: Any, ground: Ground) -> Name | None:
    """The table whose serial column had this sequence in a default that goes above: an identity may take its name."""
    for kind, thing in ground.names.leaving if operation.kind == "drop_sequence" else ():
        named = f"{thing.name.name}_{thing.arguments[0]}_seq" if isinstance(thing, Thing) and kind == "default" else ""
        if operation.relation.name == named and isinstance(thing, Thing):
            return thing.name
    return None


def _refuse_what_reads(operation: Any, ground: Ground) -> None:
    """Raise CannotRewrite for the forms that let in wrong rows, or read every row under a strong lock."""
    if operation.kind == "disable_trigger" and operation.name.lower() in ("all", "user"):
        raise ground.refusal(
            f"DISABLE TRIGGER {operation.name.upper()} turns off every trigger for every session"
            + (", foreign keys with them" if operation.name.lower() == "all" else ""),
            "name the one that has to go; for a session's own writes: SET LOCAL session_replication_role = replica",
        )
    words = ground.text_of(operation).lower().split() if operation.kind == "alter_constraint" else []
    if "enforced" in words and words[words.index("enforced") - 1] != "not":
        raise ground.refusal(
            f"ENFORCED reads every row for {operation.name} under a strong lock",
            "drop it and add it again in the same file: it comes back NOT VALID, and is then validated",
        )


def vars_of(operation: ops.Operation) -> dict[str, object]:
    found = {name: getattr(operation, name, "") for name in ("name", "object_type", "relation", "column")}
    return found | {"object_type": str(found["object_type"]).replace("_", " ")}


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
