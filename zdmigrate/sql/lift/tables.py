"""CREATE TABLE and DROP of everything that DROP drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import operations as o
from zdmigrate.sql import tokens as t
from zdmigrate.sql.lift.columns import column, constraint
from zdmigrate.sql.lift.nodes import (
    Node,
    cascades,
    object_name,
    object_type,
    place_of,
    qualified,
    relation,
    relations,
    strings,
)
from zdmigrate.sql.lift.partitions import partition_key

if TYPE_CHECKING:
    from zdmigrate.schema.names import Span
    from zdmigrate.sql.lift.source import Source

PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}


# CREATE TABLE that has nothing else ends with the list of its columns.
PLAIN = frozenset(("relation", "tableElts", "oncommit", "if_not_exists"))


def create_table(body: Node, source: Source) -> tuple[o.Operation, ...]:
    elements = [(kind, fields) for node in body.get("tableElts", ()) for kind, fields in node.items()]
    like = tuple(relation(fields["relation"]) for kind, fields in elements if kind == "TableLikeClause")
    own = [(kind, fields) for kind, fields in elements if kind in ("ColumnDef", "Constraint")]
    places = [place_of(fields) for _, fields in own]
    placed = list(zip(own, source.elements(places, closing=PLAIN.issuperset(body) and not like), strict=True))
    partition = "partbound" in body
    parents = relations(body.get("inhRelations", []))
    return (
        o.CreateTable(
            span=source.span,
            relation=relation(body["relation"]),
            columns=tuple(column(fields, source, span) for (kind, fields), span in placed if kind == "ColumnDef"),
            constraints=tuple(
                constraint(fields, source, span) for (kind, fields), span in placed if kind == "Constraint"
            ),
            like=like,
            persistence=PERSISTENCE[body["relation"]["relpersistence"]],
            if_not_exists=body.get("if_not_exists", False),
            partition_of=parents[0] if partition else None,
            default_partition=partition and body["partbound"].get("is_default", False),
            partitioned="partspec" in body,
            partition_key=partition_key(body.get("partspec", {})),
            inherits=() if partition else parents,
            of_type="ofTypename" in body,
        ),
    )


def create_foreign_table(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return create_table(body["base"], source.by_tokens())


# --------------------------------------------------------------------------- DROP


RELATIONS: dict[str, type[o.DropRelation]] = {
    "OBJECT_TABLE": o.DropTable,
    "OBJECT_VIEW": o.DropView,
    "OBJECT_MATVIEW": o.DropMaterializedView,
    "OBJECT_SEQUENCE": o.DropSequence,
    "OBJECT_FOREIGN_TABLE": o.DropForeignTable,
    "OBJECT_INDEX": o.DropIndex,
}
OF_TABLES: dict[str, type[o.TableObject]] = {
    "OBJECT_TRIGGER": o.DropTrigger,
    "OBJECT_POLICY": o.DropPolicy,
    "OBJECT_RULE": o.DropRule,
}


def drop(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """An operation for every name; its span is the name's where there are several."""
    objects = body["objects"]
    return tuple(
        _dropped(body, node, span) for node, span in zip(objects, _spans(body, source, len(objects)), strict=True)
    )


def _dropped(body: Node, node: Node, span: Span) -> o.Operation:
    kind = body["removeType"]
    carried: dict[str, Any] = {"span": span, "if_exists": body.get("missing_ok", False), "cascade": cascades(body)}
    if kind == "OBJECT_INDEX":
        return o.DropIndex(**carried, relation=object_name(node), concurrently=body.get("concurrent", False))
    if kind in RELATIONS:
        return RELATIONS[kind](**carried, relation=object_name(node))
    if kind in OF_TABLES:
        *table, name = strings(node["List"]["items"])
        return OF_TABLES[kind](**carried, relation=qualified(tuple(table)), name=name)
    return o.DropObject(**carried, object_type=object_type(kind), name=object_name(node))


def _spans(body: Node, source: Source, count: int) -> list[Span]:
    """Each name's place; the whole statement's for what is dropped one at a time."""
    if body["removeType"] not in RELATIONS or count < 1:
        return [source.span] * count
    words = 2 if body["removeType"] in ("OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE") else 1
    concurrently, if_exists = body.get("concurrent", False), body.get("missing_ok", False)
    ranges = source.segments(1 + words + concurrently + 2 * if_exists)
    first, last = ranges[-1]
    behaviour = last > first and source.tokens.numbers[last] in (t.CASCADE, t.RESTRICT)
    ranges[-1] = (first, last - behaviour)
    return [source.span_of(*found) for found in ranges] if len(ranges) == count else [source.span] * count


STATEMENTS = {
    "CreateStmt": create_table,
    "CreateForeignTableStmt": create_foreign_table,
    "DropStmt": drop,
}
