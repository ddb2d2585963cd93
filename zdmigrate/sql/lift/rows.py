"""INSERT, UPDATE, DELETE, MERGE, SELECT, COPY and TRUNCATE, and CREATE TABLE AS, which is a SELECT too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql import tokens as t
from zdmigrate.sql.lift.expressions import expression, expression_after
from zdmigrate.sql.lift.nodes import Node, body_of, cascades, kind_of, place_of, qualified, relation, strings, walk
from zdmigrate.sql.lift.relations import named_in, relations_read
from zdmigrate.sql.lift.tables import PERSISTENCE
from zdmigrate.sql.lift.transactions import constant_value

if TYPE_CHECKING:
    from zdmigrate.sql.lift.source import Source

WRITES = ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")


def insert(body: Node, source: Source) -> tuple[o.Operation, ...]:
    query = body.get("selectStmt")
    conflict = body.get("onConflictClause", {}).get("action")
    sources = relations_read(_queried(body))
    return (
        *_in_with(body, source),
        o.Insert(
            span=source.span,
            relation=relation(body["relation"]),
            columns=tuple(node["ResTarget"]["name"] for node in body.get("cols", ())),
            from_query=bool(query and "valuesLists" not in query["SelectStmt"] and sources and _reads(query)),
            on_conflict=conflict and conflict.removeprefix("ONCONFLICT_").lower(),
            sources=sources,
            assigned_twice=_twice(body.get("cols", ()), body.get("onConflictClause", {}).get("targetList", ())),
        ),
    )


def _reads(query: Node) -> bool:
    """Whether it can give more than one row: ``SELECT 'x' WHERE NOT EXISTS (…)`` has no FROM of its own."""
    body = query["SelectStmt"]
    return "fromClause" in body or "larg" in body


def _twice(*lists: list[Node]) -> tuple[str, ...]:
    """The columns that one list names twice, which the server refuses: unless each names a part, as in ``a[1]``."""
    found: dict[str, None] = {}
    for targets in lists:
        whole: dict[str, bool] = {}
        for target in (node["ResTarget"] for node in targets):
            name, is_whole = target["name"], "indirection" not in target
            if name in whole and (is_whole or whole[name]):
                found[name] = None
            whole[name] = whole.get(name, False) or is_whole
    return tuple(found)


def _queried(body: Node) -> Node:
    """A statement without the table that it writes."""
    return {field: value for field, value in body.items() if field != "relation"}


def delete(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (
        *_in_with(body, source),
        o.Delete(
            span=source.span,
            relation=relation(body["relation"]),
            alias=body["relation"].get("alias", {}).get("aliasname"),
            only=not body["relation"].get("inh", False),
            where=_where(body, source),
            sources=relations_read(_queried(body)),
            limited=_is_limited(body),
        ),
    )


def _is_limited(body: Node) -> bool:
    """Whether a query that the rows are joined with gives only so many."""
    joined = {field: body.get(field) for field in ("withClause", "fromClause", "usingClause")}
    return any(kind == "SelectStmt" and "limitCount" in query for kind, query in walk(joined))


def _where(body: Node, source: Source) -> o.Expression | None:
    tree = body.get("whereClause")
    if tree is None:
        return None
    returning = source.find(t.RETURNING)
    return expression_after(t.WHERE, tree, source, 0, source.last if returning is None else returning - 1)


def merge(body: Node, source: Source) -> tuple[o.Operation, ...]:
    sources = relations_read(_queried(body))
    clauses = [node["MergeWhenClause"] for node in body.get("mergeWhenClauses", ())]
    writes_old = any(clause.get("commandType") in ("CMD_UPDATE", "CMD_DELETE") for clause in clauses)
    merged = o.Merge(
        span=source.span,
        relation=relation(body["relation"]),
        sources=sources,
        limited=not writes_old or not sources or _is_limited({"usingClause": body["sourceRelation"]}),
        assigned_twice=_twice(*(clause.get("targetList", ()) for clause in clauses)),
    )
    return (*_in_with(body, source), merged)


# --------------------------------------------------------------------------- UPDATE


def update(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (
        *_in_with(body, source),
        o.Update(
            span=source.span,
            relation=relation(body["relation"]),
            alias=body["relation"].get("alias", {}).get("aliasname"),
            only=not body["relation"].get("inh", False),
            assignments=tuple(_assignment(node["ResTarget"], source) for node in body["targetList"]),
            where=_where(body, source),
            sources=relations_read(_queried(body)),
            limited=_is_limited(body),
            assigned_twice=_twice(body["targetList"]),
        ),
    )


def _assignment(target: Node, source: Source) -> o.Assignment:
    value = target["val"]
    if "MultiAssignRef" in value:
        return _row_assignment(target["name"], value["MultiAssignRef"], source)
    first = source.index(place_of(target))
    tree = expression_after(t.EQUALS, value, source, first, _assignment_end(first, source))
    return o.Assignment(column=target["name"], expression=tree)


def _assignment_end(first: int, source: Source) -> int:
    """Before the next assignment, or before FROM, WHERE or RETURNING."""
    end = source.element_end(first)
    borders = (source.find(keyword, first, end) for keyword in (t.FROM, t.WHERE, t.RETURNING))
    return min((border - 1 for border in borders if border is not None), default=end)


def _row_assignment(name: str, reference: Node, source: Source) -> o.Assignment:
    """``(a, b) = (1, 2)``: the value that stands at the column's place; a subquery's values have none."""
    row = reference["source"].get("RowExpr")
    if row is None:
        return o.Assignment(column=name, expression=None)
    number = reference["colno"] - 1
    inside = source.inside(source.index(place_of(row)))
    ranges = source.segments(*inside) if inside else []
    sql = source.sql(*ranges[number]) if number < len(ranges) else ""
    return o.Assignment(column=name, expression=expression(row["args"][number], sql))


# --------------------------------------------------------------------------- statements within statements


def _in_with(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """What the queries of WITH write; each is a statement of its own, at its own place."""
    operations: tuple[o.Operation, ...] = ()
    for node in body.get("withClause", {}).get("ctes", ()):
        query = node["CommonTableExpr"]["ctequery"]
        if kind_of(query) in WRITES:
            as_ = source.find(t.AS, source.index(place_of(node["CommonTableExpr"])))
            operations += _nested(query, source, 0 if as_ is None else as_)
    return operations


def _nested(query: Node, source: Source, after: int) -> tuple[o.Operation, ...]:
    inside = source.inside(after)
    return STATEMENTS[kind_of(query)](body_of(query), source.within(*inside) if inside else source)


def copy(body: Node, source: Source) -> tuple[o.Operation, ...]:
    query = body.get("query")
    if query is not None:  # COPY (…) TO; the query may be DELETE … RETURNING
        return _nested(query, source, 0)
    target, columns = relation(body["relation"]), strings(body.get("attlist"))
    twice = tuple(dict.fromkeys(name for name in columns if columns.count(name) > 1))
    is_from = body.get("is_from", False)
    return (o.Copy(span=source.span, relation=target, is_from=is_from, columns=columns, assigned_twice=twice),)


def truncate(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return tuple(
        o.Truncate(
            span=source.span,
            relation=relation(node["RangeVar"]),
            cascade=cascades(body),
            only=not node["RangeVar"].get("inh", False),
        )
        for node in body["relations"]
    )


# --------------------------------------------------------------------------- queries


def select(body: Node, source: Source) -> tuple[o.Operation, ...]:
    if "intoClause" in body:
        query = {field: value for field, value in body.items() if field != "intoClause"}
        return (*_in_with(body, source), _table_from(body["intoClause"], query, source))
    settings = _settings(body, source)
    if settings:
        return settings
    locks_rows = any(kind == "LockingClause" for kind, _ in walk(body))
    named = named_in(body)
    read = o.Select(span=source.span, sources=named.relations, calls=named.calls, locks_rows=locks_rows)
    return (*_in_with(body, source), read)


def _settings(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """``SELECT set_config('lock_timeout', '2s', true)``: a SET, where all that is selected is literally one."""
    if body.keys() & {"fromClause", "whereClause", "valuesLists", "larg", "withClause", "groupClause", "limitCount"}:
        return ()
    operations = []
    for node in body.get("targetList", ()):
        call = node["ResTarget"]["val"].get("FuncCall", {})
        arguments = call.get("args", ())
        named = call and qualified(strings(call["funcname"])) in (
            Name(None, "set_config"),
            Name("pg_catalog", "set_config"),
        )
        if not named or len(arguments) != 3 or not all("A_Const" in argument for argument in arguments):
            return ()
        name, value, local = map(constant_value, arguments)
        operations.append(o.SetVariable(span=source.span, name=str(name).lower(), value=value, local=bool(local)))
    return tuple(operations)


def create_table_as(body: Node, source: Source) -> tuple[o.Operation, ...]:
    into, query = body["into"], body["query"]
    if body["objtype"] == "OBJECT_MATVIEW":
        named = named_in(query)
        return (
            o.CreateMaterializedView(
                span=source.span,
                relation=relation(into["rel"]),
                with_data=not into.get("skipData", False),
                sources=named.relations,
                columns=named.columns,
                calls=named.calls,
            ),
        )
    before = _in_with(query["SelectStmt"], source) if "SelectStmt" in query else ()
    return (*before, _table_from(into, query, source, body.get("if_not_exists", False)))


def _table_from(into: Node, query: Node, source: Source, if_not_exists: bool = False) -> o.Operation:
    return o.CreateTable(
        span=source.span,
        relation=relation(into["rel"]),
        persistence=PERSISTENCE[into["rel"]["relpersistence"]],
        if_not_exists=if_not_exists,
        from_query=True,
        sources=relations_read(query),
    )


STATEMENTS = {
    "InsertStmt": insert,
    "UpdateStmt": update,
    "DeleteStmt": delete,
    "MergeStmt": merge,
    "SelectStmt": select,
    "CopyStmt": copy,
    "TruncateStmt": truncate,
    "CreateTableAsStmt": create_table_as,
}
