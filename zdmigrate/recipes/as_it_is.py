"""What adds only, and stops nobody: it stays as it is, in expand; where it has an opposite, revert takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema import operations as ops

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name

OPERATIONS = (
    "create_materialized_view",
    "create_object",
    "create_domain",
    "add_enum_value",
    "comment_on",
    "grant",
    "alter_object",
    "enable_trigger",
    "analyze",
    "set_statistics",
    "set_storage",
    "set_compression",
    "set_column_options",
    "set_table_options",
    "set_replica_identity",
    "set_without_cluster",
    "cluster_on",
    "create_statistics",
    "inherit",
    "of_type",
)


def recipe(operation: ops.Operation, ground: Ground) -> Phased:
    if not ground.begins(operation):
        return Phased()
    text, undone = ground.text_of(operation), _undone(operation, ground)
    if getattr(operation, "replace", False):
        raise ground.refusal(
            "OR REPLACE takes the old definition away from old versions at once", "make it under another name"
        )
    if isinstance(operation, ops.AlterTable):
        text = f"ALTER TABLE {ground.spelled(ground.furniture.catalog.resolve(operation.relation))} {text}"  # type: ignore[arg-type]
    if undone and isinstance(operation, ops.CreateObject):  # last: columns that the file makes may be of it
        own = ground.furniture.catalog.new_name(operation.name)
        return Phased(table=own, expand=(Said("", text),), undoing=(Said("", undone),))
    return Phased(
        expand=(Said("", text),),
        tells_of=_column(operation, ground),
        revert=(Said("", undone),) if undone else (),
        notes=() if undone else ("What has no opposite stays after a revert: a value of an enum, a comment, a grant.",),
    )


def _column(operation: ops.Operation, ground: Ground) -> tuple[Name, str] | None:
    """The column that a setting or a comment is about."""
    if operation.relation is None:
        return None
    table = ground.furniture.catalog.resolve(operation.relation)
    match operation:
        case ops.ColumnAction(column=column):
            return table, column
        case ops.CommentOn(object_type="column", name=name) if name is not None:
            return table, name.name
    return None


def _undone(operation: ops.Operation, ground: Ground) -> str:
    new = ground.furniture.catalog.new_name
    match operation:
        case ops.CreateMaterializedView(relation=name) if name is not None:
            return f"DROP MATERIALIZED VIEW IF EXISTS {ground.spelled(new(name))}"
        case ops.CreateObject(if_not_exists=True):
            return ""  # it may have been there before
        case ops.CreateObject(object_type=("type" | "domain" | "sequence" | "schema" | "extension") as kind, name=name):
            spelled = ground.spelled(name if kind in ("schema", "extension") else new(name))
            return f"DROP {kind.upper()} IF EXISTS {spelled}"
        case ops.Inherit(relation=name, parent=parent) if name is not None:
            child, parent = ground.furniture.catalog.resolve(name), ground.furniture.catalog.resolve(parent)
            return f"ALTER TABLE {ground.spelled(child)} NO INHERIT {ground.spelled(parent)}"
        case ops.CreateStatistics(relation=name) if name is not None:
            return f"DROP STATISTICS IF EXISTS {ground.beside(ground.furniture.catalog.resolve(name), operation.name)}"
    return ""
