"""The relations and columns that a query reads, with WITH's names told from tables as PostgreSQL tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.sql.lift.nodes import qualified, relation, string, strings

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name
    from zdmigrate.sql.lift.nodes import Node

Scope = frozenset[str]
NAMING = frozenset(("relname", "RangeVar", "ColumnRef", "JoinExpr", "FuncCall", "withClause"))
LEAVES = frozenset(("A_Const", "ColumnRef", "String"))  # most of a tree's nodes, and nothing is below them


class Named(NamedTuple):
    """What a query names, each in order and once."""

    relations: tuple[Name, ...]
    columns: tuple[str, ...]  # without their tables; "*" where it may read columns that it does not name
    calls: tuple[Name, ...]  # functions


def named_in(tree: Node) -> Named:
    """What a query names, found in one walk."""
    seen = _naming(tree)
    calls = (qualified(strings(here["FuncCall"]["funcname"])) for kind, here in seen if kind == "FuncCall")
    return Named(_relations(seen, tree), _columns(seen), tuple(dict.fromkeys(calls)))


def relations_read(tree: Node) -> tuple[Name, ...]:
    """Every relation named in ``tree``, in order, once."""
    return _relations(_naming(tree), tree)


def columns_read(tree: Node) -> tuple[str, ...]:
    """Every column that a query names, without its table; "*" where it may read columns that it does not name."""
    return _columns(_naming(tree))


def _naming(tree: Node) -> list[tuple[str, Node]]:
    """Each node that has one of the fields NAMING. Not recursive: a tree may be deeper than Python's stack."""
    seen: list[tuple[str, Node]] = []
    pending: list[Any] = [tree]
    while pending:
        here = pending.pop()
        if isinstance(here, list):
            pending += here[::-1]
        elif isinstance(here, dict):
            seen += [(field, here) for field in here if field in NAMING]
            pending += [here[field] for field in reversed(here) if field not in LEAVES]
    return seen


def _columns(seen: list[tuple[str, Node]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    ranges: set[str] = set()
    for kind, here in seen:
        body = here[kind]
        if kind == "ColumnRef":
            last = body["fields"][-1]
            found[string(last) if "String" in last else "*"] = None
        elif kind == "RangeVar":
            ranges.add(body.get("alias", {}).get("aliasname", body["relname"]))
        elif kind == "JoinExpr":
            found.update(dict.fromkeys(string(node) for node in body.get("usingClause", ())))
            found.update({"*": None} if body.get("isNatural") else {})
    whole_row = not ranges.isdisjoint(found)  # SELECT u FROM users u
    return ("*", *found) if whole_row else tuple(found)


def _relations(seen: list[tuple[str, Node]], tree: Node) -> tuple[Name, ...]:
    if any(kind == "withClause" for kind, _ in seen):
        return _relations_beside_with(tree)
    return tuple(dict.fromkeys(relation(here) for kind, here in seen if kind == "relname"))


def _relations_beside_with(tree: Node) -> tuple[Name, ...]:
    """Those that are none of WITH's names where they stand."""
    found: dict[Name, None] = {}
    pending: list[tuple[Any, Scope]] = [(tree, frozenset())]
    while pending:
        here, scope = pending.pop()
        if isinstance(here, list):
            pending += [(item, scope) for item in reversed(here)]
        elif isinstance(here, dict):
            range_var = here.get("RangeVar", here if "relname" in here else None)
            if range_var is not None:
                name = relation(range_var)
                if name.schema is not None or name.name not in scope:
                    found[name] = None
            else:
                pending += reversed(_parts(here, scope))
    return tuple(found)


def _parts(node: Node, scope: Scope) -> list[tuple[Any, Scope]]:
    """A node's fields, each with the names that WITH gives it: a query of WITH sees the ones before it.

    ``WITH users AS (SELECT * FROM users)`` reads the table.
    """
    clause = node.get("withClause")
    if not isinstance(clause, dict):
        return [(value, scope) for value in node.values() if isinstance(value, (dict, list))]
    parts: list[tuple[Any, Scope]] = []
    names = {item["CommonTableExpr"]["ctename"] for item in clause["ctes"]}
    inner = scope | names if clause.get("recursive") else scope
    for item in clause["ctes"]:
        parts.append((item["CommonTableExpr"]["ctequery"], inner))
        inner |= {item["CommonTableExpr"]["ctename"]}
    return parts + [(value, scope | names) for field, value in node.items() if field != "withClause"]
