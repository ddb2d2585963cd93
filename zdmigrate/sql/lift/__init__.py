"""Trees to operations: a table from a node's name to the function that reads it, one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql.kinds import statement_kind
from zdmigrate.sql.lift import (
    alter_table,
    domains,
    functions,
    indexes,
    objects,
    privileges,
    publications,
    renames,
    rows,
    session,
    tables,
    transactions,
    views,
)
from zdmigrate.sql.lift.nodes import body_of, is_on, kind_of

if TYPE_CHECKING:
    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.lift.source import Source

FAMILIES = {
    **alter_table.STATEMENTS,
    **domains.STATEMENTS,
    **functions.STATEMENTS,
    **indexes.STATEMENTS,
    **objects.STATEMENTS,
    **privileges.STATEMENTS,
    **publications.STATEMENTS,
    **renames.STATEMENTS,
    **rows.STATEMENTS,
    **tables.STATEMENTS,
    **transactions.STATEMENTS,
    **views.STATEMENTS,
}


def lift(node: Node, source: Source) -> tuple[o.Operation, ...]:
    """What a statement does; Unknown for a kind that no operation tells, and for a tree that nobody foresaw."""
    kind = kind_of(node)
    try:
        operations = _lift(kind, body_of(node), source)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError) as error:
        reason = f"its tree has a shape that was not foreseen ({type(error).__name__}: {error})"
        operations = (o.Unknown(span=source.span, statement=statement_kind(kind), reason=reason),)
    literals = source.literals() if source.adds_enum_value else ()
    return tuple(operation.changed(literals=literals) for operation in operations) if literals else operations


def _lift(kind: str, body: Node, source: Source) -> tuple[o.Operation, ...]:
    family = FAMILIES.get(kind)
    if family is not None:
        return family(body, source)
    if kind in session.SESSION:
        return session.session_command(kind, source)
    if kind in session.SERVER:
        return session.server_command(kind, source)
    if kind == "ExplainStmt":  # EXPLAIN ANALYZE does what it explains
        return lift(body["query"], source) if is_on(body, "analyze") else session.session_command(kind, source)
    if kind == "CreateSchemaStmt":
        return _create_schema(body, source)
    return (o.Unknown(span=source.span, statement=statement_kind(kind)),)


def _create_schema(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """CREATE SCHEMA, and what is created in it by the same statement."""
    name = body.get("schemaname") or body["authrole"]["rolename"]
    schema = o.CreateObject(
        span=source.span,
        object_type="schema",
        name=Name(None, name),
        if_not_exists=body.get("if_not_exists", False),
    )
    elements = [done for element in body.get("schemaElts", ()) for done in lift(element, source.by_tokens())]
    return (schema, *(_in_schema(operation, name) for operation in elements))


def _in_schema(operation: o.Operation, schema: str) -> o.Operation:
    if operation.relation is None or operation.relation.schema is not None:
        return operation
    return operation.changed(relation=operation.relation._replace(schema=schema))
