"""ALTER TABLE and its kin for views, indexes, sequences and foreign tables: an operation for every action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Span
from zdmigrate.sql import tokens as t
from zdmigrate.sql.lift.columns import column, constraint
from zdmigrate.sql.lift.expressions import expression_after, expression_in_parentheses
from zdmigrate.sql.lift.nodes import (
    Node,
    body_of,
    cascades,
    object_type,
    options,
    place_of,
    qualified,
    relation,
    strings,
)
from zdmigrate.sql.lift.partitions import bound_of
from zdmigrate.sql.lift.types import type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema.names import Name
    from zdmigrate.sql.lift.source import Source


class Action(NamedTuple):
    """One action, and what every operation made of it carries."""

    command: Node
    source: Source
    carried: dict[str, Any]  # span, relation, only, if_exists

    @property
    def span(self) -> Span:
        span: Span = self.carried["span"]
        return span

    @property
    def tokens(self) -> tuple[int, int]:
        """The first and the last."""
        return self.source.tokens_in(self.span)

    @property
    def definition(self) -> Node:
        """The fields of what the action defines."""
        return body_of(self.command["def"])

    @property
    def column(self) -> str:
        """The column's name; ALTER INDEX knows it by number."""
        return str(self.command.get("name") or self.command["num"])


def alter_table(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind = object_type(body["objtype"])
    spans = source.actions(place_of(body["relation"]), len(body["cmds"]))
    operations = []
    for node, span in zip(body["cmds"], spans, strict=True):
        action = Action(node["AlterTableCmd"], source, carried_by(body, span))
        operations.append(_unknown(action, kind) if kind == "type" else _lift(action, kind))
    return tuple(operations)


def carried_by(body: Node, span: Span) -> dict[str, Any]:
    """What every operation on the relation of a statement carries."""
    range_var = body["relation"]
    return {
        "span": span,
        "relation": relation(range_var),
        "only": not range_var.get("inh", False),
        "if_exists": body.get("missing_ok", False),
    }


def _lift(action: Action, kind: str) -> o.Operation:
    subtype = action.command["subtype"].removeprefix("AT_")
    if subtype in PLAIN:
        return PLAIN[subtype](**action.carried)
    if subtype in NAMED:
        return NAMED[subtype](**action.carried, name=action.command["name"])
    if subtype in OF_COLUMN:
        return OF_COLUMN[subtype](**action.carried, column=action.column)
    if subtype in FUNCTIONS:
        return FUNCTIONS[subtype](action)
    return _unknown(action, kind)


def _unknown(action: Action, kind: str) -> o.Operation:
    """``ALTER TYPE … ADD ATTRIBUTE`` and what PostgreSQL only still reads (SET WITHOUT OIDS)."""
    subtype = action.command["subtype"].removeprefix("AT_")
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in subtype).strip("_")
    if kind == "type":
        words = words.replace("column", "attribute")
    carried = {key: action.carried[key] for key in ("span", "relation")}
    return o.Unknown(**carried, statement=f"alter_{kind} {words}")


# --------------------------------------------------------------------------- columns


def _add_column(action: Action) -> o.Operation:
    return o.AddColumn(
        **action.carried,
        column=column(action.definition, action.source, _defined(action)),
        if_not_exists=action.command.get("missing_ok", False),
    )


def _defined(action: Action) -> Span:
    """Where the action's definition stands: the action ends with it."""
    return Span(action.source.place(place_of(action.definition)), action.span.end)


def _drop_column(action: Action) -> o.Operation:
    return o.DropColumn(
        **action.carried,
        column=action.column,
        cascade=cascades(action.command),
        column_if_exists=action.command.get("missing_ok", False),
    )


def _column_default(action: Action) -> o.Operation:
    if "def" not in action.command:
        return o.DropDefault(**action.carried, column=action.column)
    default = expression_after(t.DEFAULT, action.command["def"], action.source, *action.tokens)
    return o.SetDefault(**action.carried, column=action.column, default=default)


def _set_expression(action: Action) -> o.Operation:
    tree = action.command["def"]
    generation = expression_in_parentheses(t.AS, tree, action.source, *action.tokens)
    return o.SetExpression(**action.carried, column=action.column, expression=generation)


def _set_identity(action: Action) -> o.Operation:
    kind = options(action.definition, "items").get("generated") or {}
    always = kind.get("Integer", {}).get("ival") == ord("a")
    return o.SetIdentity(**action.carried, column=action.column, always=always)


def _alter_column_type(action: Action) -> o.Operation:
    body = action.definition
    using = body.get("raw_default")
    return o.AlterColumnType(
        **action.carried,
        column=action.column,
        type=type_name(body["typeName"], action.source),
        using=using and expression_after(t.USING, using, action.source, *action.tokens),
        collation=qualified(strings(body["collClause"]["collname"])) if "collClause" in body else None,
    )


# --------------------------------------------------------------------------- constraints and the table


ADDED = {
    "check": o.AddCheck,
    "not_null": o.AddNotNull,
    "unique": o.AddUnique,
    "primary_key": o.AddPrimaryKey,
    "foreign_key": o.AddForeignKey,
    "exclude": o.AddExclusion,
}


def _add_constraint(action: Action) -> o.Operation:
    added = constraint(action.definition, action.source, _defined(action))
    return ADDED[added.type](**action.carried, constraint=added)


def _drop_constraint(action: Action) -> o.Operation:
    return o.DropConstraint(
        **action.carried,
        name=action.command["name"],
        cascade=cascades(action.command),
        constraint_if_exists=action.command.get("missing_ok", False),
    )


def _alter_constraint(action: Action) -> o.Operation:
    return o.AlterConstraint(**action.carried, name=action.definition["conname"])


def _set_options(action: Action) -> o.Operation:
    names = tuple(element["DefElem"]["defname"] for element in action.definition["items"])
    return o.SetTableOptions(**action.carried, options=names)


def _inherit(action: Action) -> o.Operation:
    return o.Inherit(**action.carried, parent=relation(action.definition))


def _no_inherit(action: Action) -> o.Operation:
    return o.NoInherit(**action.carried, parent=relation(action.definition))


def _partition(action: Action) -> Name:
    return relation(action.definition["name"])


def _attach(action: Action) -> o.Operation:
    bound = action.definition.get("bound")
    if bound is None:  # an index has no bounds of its own
        return o.AttachIndexPartition(**action.carried, partition=_partition(action))
    default = bound.get("is_default", False)
    return o.AttachPartition(**action.carried, partition=_partition(action), default=default, bound=bound_of(bound))


def _detach(action: Action) -> o.Operation:
    concurrently = action.definition.get("concurrent", False)
    return o.DetachPartition(**action.carried, partition=_partition(action), concurrently=concurrently)


def _finalize(action: Action) -> o.Operation:
    return o.DetachPartition(**action.carried, partition=_partition(action), finalize=True)


def _triggers(operation: type[o.NamedAction], name: str) -> Callable[[Action], o.Operation]:
    return lambda action: operation(**action.carried, name=name)


PLAIN: dict[str, type[o.AlterTable]] = {
    "SetLogged": o.SetLogged,
    "SetUnLogged": o.SetUnlogged,
    "SetTableSpace": o.SetTablespace,
    "SetAccessMethod": o.SetAccessMethod,
    "DropCluster": o.SetWithoutCluster,
    "ReplicaIdentity": o.SetReplicaIdentity,
    "EnableRowSecurity": o.SetRowSecurity,
    "ForceRowSecurity": o.SetRowSecurity,
    "NoForceRowSecurity": o.SetRowSecurity,
    "ChangeOwner": o.ChangeOwner,
    "AddOf": o.OfType,
    "DropOf": o.OfType,
}
NAMED: dict[str, type[o.NamedAction]] = {
    "ClusterOn": o.ClusterOn,
    "EnableTrig": o.EnableTrigger,
    "EnableAlwaysTrig": o.EnableTrigger,
    "EnableReplicaTrig": o.EnableTrigger,
    "DisableTrig": o.DisableTrigger,
    "EnableRule": o.EnableRule,
    "EnableAlwaysRule": o.EnableRule,
    "EnableReplicaRule": o.EnableRule,
    "DisableRule": o.DisableRule,
    "ValidateConstraint": o.ValidateConstraint,
}
OF_COLUMN: dict[str, type[o.ColumnAction]] = {
    "SetNotNull": o.SetNotNull,
    "DropNotNull": o.DropNotNull,
    "SetStatistics": o.SetStatistics,
    "SetStorage": o.SetStorage,
    "SetCompression": o.SetCompression,
    "SetOptions": o.SetColumnOptions,
    "ResetOptions": o.SetColumnOptions,
    "AlterColumnGenericOptions": o.SetColumnOptions,
    "AddIdentity": o.AddIdentity,
    "DropIdentity": o.DropIdentity,
    "DropExpression": o.DropExpression,
}
FUNCTIONS: dict[str, Callable[[Action], o.Operation]] = {
    "AddColumn": _add_column,
    "DropColumn": _drop_column,
    "ColumnDefault": _column_default,
    "SetExpression": _set_expression,
    "SetIdentity": _set_identity,
    "AlterColumnType": _alter_column_type,
    "AddConstraint": _add_constraint,
    "DropConstraint": _drop_constraint,
    "AlterConstraint": _alter_constraint,
    "SetRelOptions": _set_options,
    "ResetRelOptions": _set_options,
    "GenericOptions": _set_options,
    "DisableRowSecurity": lambda action: o.SetRowSecurity(**action.carried, disables=True),
    "AddInherit": _inherit,
    "DropInherit": _no_inherit,
    "AttachPartition": _attach,
    "DetachPartition": _detach,
    "DetachPartitionFinalize": _finalize,
    "EnableTrigAll": _triggers(o.EnableTrigger, "ALL"),
    "EnableTrigUser": _triggers(o.EnableTrigger, "USER"),
    "DisableTrigAll": _triggers(o.DisableTrigger, "ALL"),
    "DisableTrigUser": _triggers(o.DisableTrigger, "USER"),
}

STATEMENTS = {"AlterTableStmt": alter_table}
