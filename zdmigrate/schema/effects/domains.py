"""The effects of ALTER DOMAIN: it looks at the rows of every table that has a column of the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.claim import Effects, Situation, locked
from zdmigrate.schema.lock_modes import LockMode
from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.operations import TypeName


def tables_of_domain(domain: Name, at: Situation) -> tuple[Name, ...]:
    """The tables with a column of the domain, or of a domain over it; a partitioned table has no rows itself."""
    wanted = at.catalog.new_name(domain)
    typed = (
        table.name
        for table in at.catalog.tables.values()
        if any(column.type is not None and _is_over(column.type, wanted, at) for column in table.columns.values())
    )
    return at.stored(typed)


def _is_over(type_name: TypeName, domain: Name, at: Situation) -> bool:
    """Whether a type is the domain, or a domain that is made from it, to any depth. Arrays are refused anyway."""
    name = at.catalog.new_name(Name(type_name.schema, type_name.name))
    if name == domain:
        return not type_name.array
    known = at.catalog.domains.get(name)
    return known is not None and known.base is not None and _is_over(known.base, domain, at)


def _reading(operation: ops.AlterDomain, at: Situation) -> Effects:
    """SHARE, also for VALIDATE CONSTRAINT, which of a table would take less (measured on 14 to 18)."""
    tables = tables_of_domain(operation.domain, at)
    return Effects(locks=locked(LockMode.SHARE, tables), scans=tables)


def _add(operation: ops.AddDomainConstraint, at: Situation) -> Effects:
    return Effects() if operation.constraint.not_valid else _reading(operation, at)


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "add_domain_constraint": _add,
    "set_domain_not_null": _reading,
    "validate_domain_constraint": _reading,
}
