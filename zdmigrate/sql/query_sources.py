"""What a query reads from: the tables, queries and WITH queries of its FROM, and what they are called there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMES = (exp.Select, exp.Update, exp.Delete, exp.Insert, exp.Merge)  # what has a FROM, or a target


def name_of(table: exp.Table) -> Name:
    return Name(folded(table.args["db"]) if table.args.get("db") else None, folded(table.this))


def folded(identifier: exp.Expr) -> str:
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()


class Source(NamedTuple):
    """One item of FROM: a table, or a query whose columns have the names ``columns`` where it renames them."""

    alias: str
    table: Name | None = None
    query: exp.Expr | None = None
    columns: tuple[str, ...] = ()


def sources_of(frame: exp.Expr | None) -> list[Source]:
    if frame is None:
        return []
    items = [frame.args.get("this") if not isinstance(frame, exp.Select) else None, frame.args.get("using")]
    items += [part.this for part in (frame.args.get("from_"),) if part is not None]
    items += [*(frame.args.get("joins") or ()), *(frame.args.get("laterals") or ())]
    return [source for item in items for source in _sources_in(item)]


def _sources_in(item: object) -> Iterator[Source]:
    if isinstance(item, list):
        for one in item:
            yield from _sources_in(one)
    elif isinstance(item, (exp.Join, exp.Schema)):
        yield from _sources_in(item.this)
    elif isinstance(item, exp.Table):
        yield _source(item)
        yield from _sources_in(item.args.get("joins"))
    elif isinstance(item, (exp.Subquery, exp.Lateral)):
        inner = item.this.this if isinstance(item.this, exp.Subquery) else item.this
        if isinstance(inner, exp.Table):
            yield from _sources_in(inner)
        else:
            yield Source(item.alias, query=inner, columns=tuple(item.alias_column_names))
        yield from _sources_in(item.args.get("joins"))
    elif isinstance(item, (exp.Values, exp.Unnest)):
        yield Source(item.alias, columns=tuple(item.alias_column_names))


def _source(table: exp.Table) -> Source:
    columns = tuple(table.alias_column_names)
    if not isinstance(table.this, exp.Identifier):
        return Source(table.alias, columns=columns)
    alias = table.args.get("alias")
    called = folded(alias.this) if alias and alias.this else folded(table.this)
    cte = cte_of(table)
    if cte is not None:
        return Source(called, query=cte.this, columns=columns or tuple(cte.alias_column_names))
    return Source(called, table=name_of(table), columns=columns)


def cte_of(table: exp.Table) -> exp.CTE | None:
    """The WITH query that a name stands for, if it does."""
    if table.args.get("db") or not isinstance(table.this, exp.Identifier):
        return None
    node: exp.Expr | None = table
    while node is not None:
        for cte in node.args["with_"].expressions if node.args.get("with_") else ():
            if isinstance(cte, exp.CTE) and cte.alias == table.name:
                return cte
        node = node.parent
    return None
