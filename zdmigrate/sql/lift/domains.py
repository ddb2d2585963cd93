"""CREATE DOMAIN and ALTER DOMAIN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.columns import constraint
from zdmigrate.sql.lift.nodes import cascades, place_of, qualified, strings
from zdmigrate.sql.lift.types import type_name

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name
    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.lift.source import Source

# the grammar's letters for ALTER DOMAIN
_SET_NOT_NULL, _ADD, _VALIDATE = "O", "C", "V"


def create_domain(body: Node, source: Source) -> tuple[o.Operation, ...]:
    constraints = (node["Constraint"]["contype"] for node in body.get("constraints", ()))
    return (
        o.CreateDomain(
            span=source.span,
            object_type="domain",
            name=_name(body["domainname"]),
            base=type_name(body["typeName"], source),
            constrained=any(kind in ("CONSTR_CHECK", "CONSTR_NOTNULL") for kind in constraints),
        ),
    )


def alter_domain(body: Node, source: Source) -> tuple[o.Operation, ...]:
    domain = _name(body["typeName"])
    if body["subtype"] == _SET_NOT_NULL:
        return (o.SetDomainNotNull(span=source.span, domain=domain),)
    if body["subtype"] == _ADD:
        written = body["def"]["Constraint"]
        added = constraint(written, source, source.element(place_of(written)))
        return (o.AddDomainConstraint(span=source.span, domain=domain, constraint=added),)
    if body["subtype"] == _VALIDATE:
        return (o.ValidateDomainConstraint(span=source.span, domain=domain, name=body["name"]),)
    return (o.AlterObject(span=source.span, object_type="domain", name=domain, cascade=cascades(body)),)


def _name(node: list[Node]) -> Name:
    return qualified(strings(node))


STATEMENTS = {
    "CreateDomainStmt": create_domain,
    "AlterDomainStmt": alter_domain,
}
