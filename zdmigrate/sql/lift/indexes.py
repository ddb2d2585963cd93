"""CREATE INDEX, REINDEX, CLUSTER, VACUUM and ANALYZE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, is_on, relation, string, walk

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name
    from zdmigrate.sql.lift.source import Source


def create_index(body: Node, source: Source) -> tuple[o.Operation, ...]:
    table = body["relation"]
    return (
        o.CreateIndex(
            span=source.span,
            relation=relation(table),
            name=body.get("idxname"),
            columns=_columns(body.get("indexParams", [])),
            included=_columns(body.get("indexIncludingParams", [])),
            unique=body.get("unique", False),
            concurrently=body.get("concurrent", False),
            if_not_exists=body.get("if_not_exists", False),
            only=not table.get("inh", False),
            method=body["accessMethod"],
            partial="whereClause" in body,
            nulls_not_distinct=body.get("nulls_not_distinct", False),
            called=_called([*body.get("indexParams", []), *body.get("indexIncludingParams", [])]),
            mentioned=_mentioned([*body.get("indexParams", []), body.get("whereClause")]),
        ),
    )


def _columns(elements: list[Node]) -> tuple[str, ...]:
    return tuple(element["IndexElem"].get("name", "") for element in elements)


def _called(elements: list[Node]) -> tuple[str, ...]:
    """As ChooseIndexColumnNames of indexcmds.c has it: an expression by its function, and no name twice."""
    called: list[str] = []
    for element in (each["IndexElem"] for each in elements):
        name = element.get("name") or _figured(element["expr"]) or "expr"
        tried = (f"{name}{number or ''}" for number in range(len(elements)))
        called.append(next(each for each in tried if each not in called))
    return tuple(called)


def _figured(expression: Node) -> str:
    """The name of an expression as FigureColname of parse_target.c finds it; "" where it finds none."""
    (kind, body) = next(iter(expression.items()))
    match kind:
        case "ColumnRef":
            return string(body["fields"][-1])
        case "FuncCall":
            return string(body["funcname"][-1])
        case "CollateClause":
            return _figured(body["arg"])
        case "TypeCast":
            return _figured(body["arg"]) or string(body["typeName"]["names"][-1])
        case "CaseExpr":
            return _figured(body.get("defresult", {"A_Const": {}})) or "case"
        case "A_Expr" if body["kind"] == "AEXPR_NULLIF":
            return "nullif"
        case "MinMaxExpr":
            return "greatest" if body["op"] == "IS_GREATEST" else "least"
    return {"CoalesceExpr": "coalesce", "A_ArrayExpr": "array", "RowExpr": "row"}.get(kind, "")


def _mentioned(expressions: list[Node | None]) -> tuple[str, ...]:
    fields = (body["fields"][-1] for kind, body in walk(expressions) if kind == "ColumnRef")
    return tuple(dict.fromkeys(string(field) for field in fields if "String" in field))


def reindex(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (
        o.Reindex(
            span=source.span,
            relation=relation(body["relation"]) if "relation" in body else None,
            target=body["kind"].removeprefix("REINDEX_OBJECT_").lower(),
            name=body.get("name"),
            concurrently=is_on(body, "concurrently", "params"),
        ),
    )


def cluster(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (o.Cluster(span=source.span, relation=relation(body["relation"]) if "relation" in body else None),)


def vacuum(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """VACUUM or ANALYZE: an operation for every table, or one for the database. VACUUM may analyze besides."""
    named = [relation(node["VacuumRelation"]["relation"]) for node in body.get("rels", ())]
    tables: list[Name | None] = [*named] or [None]
    if not body.get("is_vacuumcmd"):
        return tuple(o.Analyze(span=source.span, relation=table) for table in tables)
    full = is_on(body, "full")
    return tuple(o.Vacuum(span=source.span, relation=table, full=full) for table in tables)


STATEMENTS = {
    "IndexStmt": create_index,
    "ReindexStmt": reindex,
    "ClusterStmt": cluster,
    "VacuumStmt": vacuum,
}
