"""CREATE PUBLICATION and ALTER PUBLICATION: an operation for every table that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, relation, strings
from zdmigrate.sql.lift.relations import columns_read

if TYPE_CHECKING:
    from zdmigrate.sql.lift.source import Source


def publish(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """One without a table for ALL TABLES, TABLES IN SCHEMA, and what changes options only."""
    tables = [node["PublicationObjSpec"]["pubtable"] for node in body.get("pubobjects", ()) if _is_table(node)]
    if not tables:
        return (o.PublishTable(span=source.span, name=body["pubname"]),)
    dropped = body.get("action") == "AP_DropObjects"
    return tuple(_published(table, body["pubname"], source, dropped=dropped) for table in tables)


def _is_table(node: Node) -> bool:
    return "pubtable" in node["PublicationObjSpec"]


def _published(table: Node, name: str, source: Source, *, dropped: bool) -> o.Operation:
    filtered = columns_read(table.get("whereClause", {}))
    return o.PublishTable(
        span=source.span,
        relation=relation(table["relation"]),
        name=name,
        columns=tuple(dict.fromkeys((*strings(table.get("columns")), *filtered))),
        dropped=dropped,
    )


STATEMENTS = {
    "CreatePublicationStmt": publish,
    "AlterPublicationStmt": publish,
}
