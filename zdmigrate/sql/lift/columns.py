"""Columns and constraints as CREATE TABLE and ALTER TABLE define them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.names import Span
from zdmigrate.schema.operations import Column, Constraint, TypeName
from zdmigrate.sql import tokens as t
from zdmigrate.sql.lift.expressions import expression_after, expression_in_parentheses
from zdmigrate.sql.lift.nodes import place_of, qualified, relation, strings
from zdmigrate.sql.lift.types import type_name

if TYPE_CHECKING:
    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.lift.source import Source

CONSTRAINTS = {
    "CONSTR_CHECK": "check",
    "CONSTR_NOTNULL": "not_null",
    "CONSTR_UNIQUE": "unique",
    "CONSTR_PRIMARY": "primary_key",
    "CONSTR_FOREIGN": "foreign_key",
    "CONSTR_EXCLUSION": "exclude",
}
# what follows a constraint and is a node of its own in a column's list
ATTRIBUTES: dict[str, dict[str, bool]] = {
    "CONSTR_ATTR_DEFERRABLE": {"deferrable": True},
    "CONSTR_ATTR_NOT_DEFERRABLE": {},
    "CONSTR_ATTR_DEFERRED": {"deferrable": True},
    "CONSTR_ATTR_IMMEDIATE": {},
    "CONSTR_ATTR_ENFORCED": {},
    "CONSTR_ATTR_NOT_ENFORCED": {"enforced": False, "not_valid": True},
}
GENERATED = {"s": "stored", "v": "virtual"}
IDENTITY = {"a": "always", "d": "by default"}


# What is written behind a column's name decides all of it but its name and place, and few files say anything new there:
# nine in ten columns of the histories that Prisma and drizzle wrote repeat an earlier one's ``text NOT NULL``.
_KNOWN: dict[str, Column] = {}
MOST_KNOWN = 2000  # columns


def column(body: Node, source: Source, span: Span) -> Column:
    """The column of a ColumnDef node at ``span``. A NOT NULL is among its constraints only if it was given a name."""
    said = source.behind_name(span)
    known = _KNOWN.get(said)
    if known is not None:
        return _moved(known, body["colname"], span)
    found = _column(body, source, span)
    if len(_KNOWN) < MOST_KNOWN:
        _KNOWN[said] = found
    return found


def _moved(known: Column, name: str, span: Span) -> Column:
    """The column of another name that the same words define elsewhere."""
    shift = span.end - known.span.end
    constraints = tuple(
        constraint.changed(columns=(name,), span=Span(constraint.span.start + shift, constraint.span.end + shift))
        for constraint in known.constraints
    )
    return known.changed(name=name, span=span, constraints=constraints)


def _column(body: Node, source: Source, span: Span) -> Column:
    values: dict[str, Any] = {"constraints": ()}
    if "collClause" in body:
        values["collation"] = qualified(strings(body["collClause"]["collname"]))
    for clause, part in _clauses(body, source, span):
        _add_clause(values, body["colname"], clause, source, part)
    type_ = type_name(body["typeName"], source) if "typeName" in body else TypeName(name="")  # a partition's column
    return Column(name=body["colname"], type=type_, span=span, **values)


def _clauses(body: Node, source: Source, column: Span) -> list[tuple[Node, Span]]:
    """A column's constraints, each with its place: up to where the next, or COLLATE, begins."""
    clauses = [node["Constraint"] for node in body.get("constraints", ())]
    starts = [source.place(place_of(clause)) for clause in clauses]
    borders = sorted([*starts, *([source.place(place_of(body["collClause"]))] if "collClause" in body else ())])
    following = [next((border for border in borders if border > start), None) for start in starts]
    return [
        (clause, Span(start, column.end if border is None else source.end_before(border)))
        for clause, start, border in zip(clauses, starts, following, strict=True)
    ]


def _add_clause(values: dict[str, Any], name: str, clause: Node, source: Source, part: Span) -> None:
    kind = clause["contype"]
    if kind == "CONSTR_DEFAULT":
        values["default"] = expression_after(t.DEFAULT, clause["raw_expr"], source, *source.tokens_in(part))
    elif kind == "CONSTR_GENERATED":
        values["generated"] = GENERATED[clause.get("generated_kind", "s")]
        values["generation"] = expression_in_parentheses(t.AS, clause["raw_expr"], source, *source.tokens_in(part))
    elif kind == "CONSTR_IDENTITY":
        values["identity"] = IDENTITY[clause["generated_when"]]
    elif kind in ATTRIBUTES:
        if values["constraints"]:  # DEFERRABLE of a NOT NULL that has no name is refused by the server
            *others, previous = values["constraints"]
            changed = previous.changed(span=previous.span._replace(end=part.end), **ATTRIBUTES[kind])
            values["constraints"] = (*others, changed)
    elif kind in CONSTRAINTS:
        if kind == "CONSTR_NOTNULL":
            values["not_null"] = True
        if kind != "CONSTR_NOTNULL" or "conname" in clause:
            values["constraints"] += (constraint(clause, source, part, (name,)),)
    elif kind != "CONSTR_NULL":
        raise KeyError(kind)


def constraint(body: Node, source: Source, span: Span, own: tuple[str, ...] = ()) -> Constraint:
    """The constraint of a Constraint node at ``span``; ``own`` is the column that it is written on."""
    kind = CONSTRAINTS[body["contype"]]
    values: dict[str, Any] = {}
    if kind == "check":
        values["expression"] = expression_in_parentheses(t.CHECK, body["raw_expr"], source, *source.tokens_in(span))
        values["columns"] = own
    elif kind == "foreign_key":
        values["columns"] = strings(body.get("fk_attrs")) or own
        values["references"] = relation(body["pktable"])
        values["referenced_columns"] = strings(body.get("pk_attrs"))
    elif kind == "exclude":
        elements = [node["List"]["items"][0]["IndexElem"] for node in body["exclusions"]]
        values["columns"] = tuple(element.get("name", "") for element in elements)
    else:
        values["columns"] = strings(body.get("keys")) or own
        values["included"] = strings(body.get("including"))
    return Constraint(
        type=kind,
        span=span,
        name=body.get("conname"),
        using_index=body.get("indexname"),
        not_valid=body.get("skip_validation", False),
        enforced=body.get("is_enforced", kind not in ("check", "foreign_key")),
        no_inherit=body.get("is_no_inherit", False),
        deferrable=body.get("deferrable", False),
        nulls_not_distinct=body.get("nulls_not_distinct", False),
        **values,
    )
