"""The facts that only some operations have: one function a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import (
    backfills,
    facts_of_dependents,
    facts_of_domains,
    facts_of_new_columns,
    facts_of_partitions,
)
from zdmigrate.schema.agenda import unknown_calls
from zdmigrate.schema.constraints import constraint_name, index_name
from zdmigrate.schema.effects.constraints import index_columns
from zdmigrate.schema.facts_of_new_columns import add_column, collated, pointed_at
from zdmigrate.schema.proofs import is_proven_not_null
from zdmigrate.schema.spelling import short_names, spelled, spelled_list, spelled_name
from zdmigrate.schema.twins import twin_of
from zdmigrate.schema.type_changes import type_change, type_reason
from zdmigrate.schema.volatility import is_volatile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts


def _set_not_null(operation: ops.SetNotNull, at: Situation) -> Facts:
    proven = all(is_proven_not_null(name, operation.column, at.catalog) for name in at.tree(operation))
    return {"proven_not_null": proven}


def _alter_column_type(operation: ops.AlterColumnType, at: Situation) -> Facts:
    facts: Facts = {
        "type": collated(operation.type, operation.collation),
        "type_change": type_change(operation, at.catalog, at.state),
        "type_reason": type_reason(operation, at.catalog, at.state),
        "said_before": operation.column in at.state.retyped[1:],
        "others_retyped": f", and {spelled_list(others)} with it," if (others := at.state.retyped[1:]) else "",
        **facts_of_dependents.in_use(operation, at),
    }
    column = at.catalog.column(operation.relation, operation.column)
    if column is None or column.type is None:
        facts["row_work"] = "may write every row anew (its present type is not known)"
    return facts


def _set_default(operation: ops.SetDefault, at: Situation) -> Facts:
    return {
        "expression": operation.default.sql,
        "volatile_default": is_volatile(operation.default, at.catalog),
    }


def _add_constraint(operation: ops.AddConstraint, at: Situation) -> Facts:
    constraint = operation.constraint
    columns = constraint.columns if constraint.using_index is None else index_columns(operation, at)
    table = at.name(operation)
    proven = bool(columns) and all(is_proven_not_null(table, column, at.catalog) for column in columns)
    return {
        "name": spelled(constraint_name(constraint, at.catalog.table_or_new(table), at.catalog)),
        "columns": spelled_list(columns),
        "column": spelled(columns[0]) if len(columns) == 1 else "",
        "constraint_type": constraint.type,
        "expression": "" if constraint.expression is None else constraint.expression.sql,
        "references": "" if constraint.references is None else spelled_name(constraint.references),
        "referenced_columns": spelled_list(constraint.referenced_columns),
        "target": pointed_at(constraint),
        "index": spelled(constraint.using_index or ""),
        "using_index_nullable": constraint.using_index is not None and bool(columns) and not proven,
        "proven_not_null": proven,
        "twin": spelled(twin_of(table, columns, at.catalog)) if constraint.type in ("unique", "primary_key") else "",
    }


def _validate(operation: ops.ValidateConstraint, at: Situation) -> Facts:
    held = at.state.held_together.get(at.name(operation))
    known = at.catalog.constraint(operation.relation, operation.name)
    done = known is not None and known.validated
    return {
        **_named_constraint(operation, at),
        "validated_in_same_transaction": held is not None and held.blocks_writers and not done,
    }


def _named_constraint(operation: ops.NamedAction, at: Situation) -> Facts:
    known = at.catalog.constraint(operation.relation, operation.name)
    return {
        "object_type": "constraint",
        "constraint_type": "" if known is None else known.type,
        "columns": "" if known is None else spelled_list(known.columns),
        "constraint_is_new": (at.name(operation), operation.name) in at.state.constraints,
    }


def _create_index(operation: ops.CreateIndex, at: Situation) -> Facts:
    name = index_name(operation, at.catalog).name
    twin = twin_of(at.name(operation), operation.columns, at.catalog, operation.mentioned) if operation.unique else ""
    return {
        "index": spelled(name),
        "name": spelled(name),
        "columns": spelled_list(operation.columns),
        "twin": spelled(twin),
    }


def _index_itself(operation: ops.Operation, at: Situation) -> Facts:
    index = at.catalog.indexes.get(at.name(operation))
    written = "" if operation.relation is None else spelled_name(operation.relation)
    return {
        "index": written,
        "name": written,
        "unique": index is not None and index.unique,
    }


def _reindex(operation: ops.Reindex, at: Situation) -> Facts:
    if operation.target == "index":
        return _index_itself(operation, at)
    if operation.relation is not None:
        return {"name": spelled_name(operation.relation)}
    return {"table": f"every table of the {operation.target} {operation.name or ''}".strip()}


def _update(operation: ops.Update, at: Situation) -> Facts:
    return {
        "whole_table": operation.where is None,
        "batched": backfills.is_batched(operation, at.catalog),
        "repeatable": backfills.is_repeatable_update(operation, at.catalog),
    }


def _delete(operation: ops.Delete, at: Situation) -> Facts:
    return {"whole_table": operation.where is None, "batched": backfills.is_batched(operation, at.catalog)}


def _insert(operation: ops.Insert, at: Situation) -> Facts:
    return {"repeatable": operation.on_conflict == "nothing"}


def _merge(operation: ops.Merge, at: Situation) -> Facts:
    return {"repeatable": False, "batched": operation.limited}


def _do(operation: ops.Do, at: Situation) -> Facts:
    return {"statement": operation.kind}


def _calls(operation: ops.Call | ops.Select, at: Situation) -> Facts:
    unknown = short_names(unknown_calls(operation, at.catalog), at.catalog)
    return {"statement": operation.kind, "reason": f"no file here makes {unknown}, which it calls" if unknown else ""}


def _unknown(operation: ops.Unknown, at: Situation) -> Facts:
    return {"reason": operation.reason or "zdmigrate does not look into such statements"}


def _rename_table(operation: ops.RenameTable, at: Situation) -> Facts:
    return {"name_is_kept": at.name(operation) in at.state.views_to_come}


def _relation_as_object(object_type: str) -> Callable[[ops.Operation, Situation], Facts]:
    def told(operation: ops.Operation, at: Situation) -> Facts:
        return {"object_type": object_type, "name": spelled_name(operation.relation or at.name(operation))}

    return told


def _rename_enum_value(operation: ops.RenameEnumValue, at: Situation) -> Facts:
    return {"type": spelled_name(operation.type), "name": operation.value, "new_name": operation.new_value}


def _drop_default(operation: ops.ColumnAction, at: Situation) -> Facts:
    return {"proven_not_null": is_proven_not_null(at.name(operation), operation.column, at.catalog)}


def _upkeep(operation: ops.Vacuum | ops.Cluster, at: Situation) -> Facts:
    if operation.relation is not None:
        return {"name": spelled_name(operation.relation)}
    return {"table": "every table of the database"}


def _options(operation: ops.SetTableOptions, at: Situation) -> Facts:
    return {"options": ", ".join(operation.options)}


def _drop_object(operation: ops.DropObject, at: Situation) -> Facts:
    if not operation.cascade:
        return {}
    kind = operation.object_type.replace("_", " ").upper()
    return {"statement": f"DROP {kind} ... CASCADE", "reason": "no file here tells what depends on it"}


_OF_CONSTRAINT: dict[str, Callable[[ops.AddConstraint, Situation], bool]] = {
    "not_valid": lambda operation, _at: operation.constraint.not_valid or not operation.constraint.enforced,
    "using_index": lambda operation, _at: operation.constraint.using_index is not None,
}

# Of kinds of operations the facts that take little, and answer most rules: what takes more need not be found out then.
FOUND_ALONE: dict[str, Mapping[str, Callable[[Any, Situation], str | bool]]] = {
    "add_column": facts_of_new_columns.FOUND_ALONE,
    "create_table": facts_of_partitions.FOUND_ALONE,
    "add_check": _OF_CONSTRAINT,
    "add_not_null": _OF_CONSTRAINT,
    "add_unique": _OF_CONSTRAINT,
    "add_primary_key": _OF_CONSTRAINT,
    "add_foreign_key": _OF_CONSTRAINT,
    "add_exclusion": _OF_CONSTRAINT,
}

OWN_FACTS: dict[str, Callable[[Any, Situation], Facts]] = {
    "add_column": add_column,
    "drop_column": facts_of_dependents.dropped_column,
    "rename_column": facts_of_dependents.named_in_bodies,
    "set_not_null": _set_not_null,
    "alter_column_type": _alter_column_type,
    "set_default": _set_default,
    "add_check": _add_constraint,
    "add_not_null": _add_constraint,
    "add_unique": _add_constraint,
    "add_primary_key": _add_constraint,
    "add_foreign_key": _add_constraint,
    "add_exclusion": _add_constraint,
    "validate_constraint": _validate,
    "drop_constraint": _named_constraint,
    "rename_constraint": _named_constraint,
    "alter_constraint": _named_constraint,
    "create_index": _create_index,
    "drop_index": _index_itself,
    "rename_index": _index_itself,
    "reindex": _reindex,
    "update": _update,
    "delete": _delete,
    "insert": _insert,
    "merge": _merge,
    "do": _do,
    "call": _calls,
    "select": _calls,
    "unknown": _unknown,
    "rename_table": _rename_table,
    "set_table_options": _options,
    "drop_object": _drop_object,
    "drop_sequence": _relation_as_object("sequence"),
    "rename_sequence": _relation_as_object("sequence"),
    "drop_foreign_table": _relation_as_object("foreign table"),
    "rename_view": _relation_as_object("view"),
    "rename_enum_value": _rename_enum_value,
    "drop_default": _drop_default,
    "drop_identity": _drop_default,
    "vacuum": _upkeep,
    "cluster": _upkeep,
    **facts_of_domains.OWN_FACTS,
    **facts_of_partitions.OWN_FACTS,
}
