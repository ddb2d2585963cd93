"""The facts that follow from what earlier statements of the same change have done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.earlier import COMBINED, changes_schema
from zdmigrate.schema.spelling import short_name, spelled

if TYPE_CHECKING:
    from zdmigrate.schema.earlier import Earlier
    from zdmigrate.schema.effects.claim import Effects, Situation
    from zdmigrate.schema.fact_table import Facts
    from zdmigrate.schema.names import Name


NAMES_OF_EARLIER = ("rerun_fails", "mixed", "altered_before", "cleared", "replaces")


def facts_of_earlier(operation: Any, effects: Effects, at: Situation) -> Facts:
    """Those that are not what the table of facts says of them in general."""
    earlier, kind = at.state.earlier, operation.kind
    facts: Facts = {}
    if changes_schema(kind):
        facts["rerun_fails"] = _fails_again(operation)
        alone = effects.refuses_transaction or earlier.has_run_alone
        facts["mixed"] = alone and earlier.has_changed and not at.state.in_transaction
    if earlier.altered and kind in COMBINED:
        facts["altered_before"] = at.name(operation) in earlier.altered
    if earlier.dropped and kind == "create_index":
        facts.update(_after_drops(operation, earlier, at))
    if earlier.enum_values and operation.literals:
        facts["enum_value"] = _enum_value(operation, earlier, at)
    return facts


def _fails_again(operation: Any) -> bool:
    """Whether PostgreSQL refuses the operation when it is done already."""
    verb = operation.kind.split("_")[0]
    if verb in ("create", "add"):
        return not (getattr(operation, "if_not_exists", False) or getattr(operation, "replace", False))
    if verb == "drop":
        spared = _SPARED.get(operation.kind, "if_exists")  # ALTER TABLE IF EXISTS is about the table
        return operation.kind not in ("drop_default", "drop_not_null") and not getattr(operation, spared, False)
    return verb in ("rename", "attach", "detach")


_SPARED = {"drop_column": "column_if_exists", "drop_constraint": "constraint_if_exists"}


def _after_drops(operation: Any, earlier: Earlier, at: Situation) -> Facts:
    """Whether the index's own name was dropped before, and which index of its first column has been gone since."""
    table, first = at.name(operation), operation.columns[0] if operation.columns else ""
    gone = [found for found in earlier.dropped if found.table == table and found.column == first and first]
    apart = [found.name for found in gone if not found.just_now]
    return {
        "cleared": any(found.name.name == operation.name for found in earlier.dropped),
        "replaces": short_name(apart[0], at.catalog) if apart else "",
    }


def _enum_value(operation: Any, earlier: Earlier, at: Situation) -> str:
    """A value that the statement writes; of a table whose every column is known, only where one has the type."""
    types = None if operation.relation is None else _types_of(at.name(operation), at)
    if types is not None and operation.kind == "add_column":
        types.add(operation.column.type.name)
    for type_, value in sorted(earlier.enum_values):
        made_here = ("type", type_) in at.state.objects
        name = type_.rpartition(".")[2]
        if value in operation.literals and not made_here and (types is None or name in types) and _reads(operation):
            return spelled(value)
    return ""


def _types_of(table: Name, at: Situation) -> set[str] | None:
    known = at.catalog.tables.get(table)
    if known is None or not known.complete:
        return None
    return {column.type.name for column in known.columns.values() if column.type is not None}


def _reads(operation: Any) -> bool:
    """Whether PostgreSQL looks at the literals now: not those of a function's body, nor the value's own."""
    return operation.kind not in ("create_function", "add_enum_value", "rename_enum_value", "comment_on", "do")
