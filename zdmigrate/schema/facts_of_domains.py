"""The facts of operations on domains and enums: what depends on them are columns, wherever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.constraints import object_name
from zdmigrate.schema.effects.domains import tables_of_domain
from zdmigrate.schema.spelling import short_names, spelled, spelled_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts


def _domain(operation: ops.AlterDomain, at: Situation) -> Facts:
    """``table`` names all tables with a column of it; where history never made it, that may be any."""
    old = (name for name in tables_of_domain(operation.domain, at) if not at.state.is_new(name))
    unknown = at.catalog.new_name(operation.domain) not in at.catalog.domains
    return {
        "type": spelled_name(operation.domain),
        "name": spelled(getattr(operation, "name", "")),
        "table": short_names(old, at.catalog) or (_ANY if unknown else ""),
    }


_ANY = "every table with a column of it"


def _add(operation: ops.AddDomainConstraint, at: Situation) -> Facts:
    constraint = operation.constraint
    label = "check" if constraint.type == "check" else "not_null"
    return {
        **_domain(operation, at),
        "name": spelled(constraint.name or object_name(operation.domain.name, "", label)),
        "constraint_type": constraint.type,
        "expression": "" if constraint.expression is None else constraint.expression.sql,
        "not_valid": constraint.not_valid,
    }


def _create(operation: ops.CreateDomain, at: Situation) -> Facts:
    return {"constrained": operation.constrained, "plain_type": operation.base.sql or operation.base.name}


def _add_enum_value(operation: ops.AddEnumValue, at: Situation) -> Facts:
    return {"type": spelled_name(operation.type), "name": operation.value, "placed": operation.placed}


OWN_FACTS: dict[str, Callable[[Any, Situation], Facts]] = {
    "add_domain_constraint": _add,
    "set_domain_not_null": _domain,
    "validate_domain_constraint": _domain,
    "create_domain": _create,
    "add_enum_value": _add_enum_value,
}
