"""What adds only, and stops nobody: it stays as it is, in expand; where it has an opposite, revert takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema import operations as ops

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground

OPERATIONS = (
    "create_table",
    "create_view",
    "create_materialized_view",
    "create_object",
    "create_domain",
    "create_function",
    "add_enum_value",
    "comment_on",
    "grant",
    "analyze",
    "set_statistics",
    "set_table_options",
    "create_statistics",
)


def recipe(operation: ops.Operation, ground: Ground) -> Phased:
    text, undone = ground.text_of(operation), _undone(operation, ground)
    if getattr(operation, "replace", False):
        raise ground.refusal(
            "OR REPLACE takes the old definition away from old versions at once", "make it under another name"
        )
    if isinstance(operation, ops.AlterTable):
        text = f"ALTER TABLE {ground.spelled(ground.furniture.catalog.resolve(operation.relation))} {text}"  # type: ignore[arg-type]
    return Phased(
        expand=(Said("", text),),
        revert=(Said("", undone),) if undone else (),
        notes=() if undone else ("What has no opposite stays after a revert: a value of an enum, a comment, a grant.",),
    )


def _undone(operation: ops.Operation, ground: Ground) -> str:
    new = ground.furniture.catalog.new_name
    match operation:
        case ops.CreateTable(relation=name) if name is not None:
            return f"DROP TABLE IF EXISTS {ground.spelled(new(name))}"
        case ops.CreateMaterializedView(relation=name) if name is not None:
            return f"DROP MATERIALIZED VIEW IF EXISTS {ground.spelled(new(name))}"
        case ops.CreateView(relation=name) if name is not None:
            return f"DROP VIEW IF EXISTS {ground.spelled(new(name))}"
        case ops.CreateFunction(procedure=procedure, name=name):
            return f"DROP {'PROCEDURE' if procedure else 'FUNCTION'} IF EXISTS {ground.spelled(new(name))}"
        case ops.CreateObject(object_type=("type" | "domain" | "sequence" | "schema") as kind, name=name):
            return f"DROP {kind.upper()} IF EXISTS {ground.spelled(new(name) if kind != 'schema' else name)}"
        case ops.CreateStatistics(relation=name) if name is not None:
            return f"DROP STATISTICS IF EXISTS {ground.beside(ground.furniture.catalog.resolve(name), operation.name)}"
    return ""
