"""Which relations and columns an app's query names, and where: the one module that knows sqlglot.

PostgreSQL's own grammar would refuse what apps put into their SQL: ``?``, ``%(id)s``, ``{{ ref('users') }}``.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from zdmigrate.schema.names import Name
from zdmigrate.sql.cut import cut, scan_all
from zdmigrate.sql.psql import mask

if TYPE_CHECKING:
    from collections.abc import Iterator

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it passes on unread

EVERY = "*"  # the column of an INSERT without a list: it names them all by their places
_FRAMES = (exp.Select, exp.Update, exp.Delete, exp.Insert, exp.Merge)


class Unreadable(Exception):
    """sqlglot cannot make a query of it."""


class Mention(NamedTuple):
    """A relation, or a column of it, that a query names; ``column`` is None for the relation itself."""

    relation: Name
    column: str | None
    offset: int


class Schema(Protocol):
    """What is known of the relations that queries name."""

    def resolve(self, name: Name) -> Name: ...

    def has(self, relation: Name, column: str) -> bool | None:
        """Whether the relation has that column; None where nobody knows."""


class Piece(NamedTuple):
    """One statement of a file, with what is no SQL blanked out, and where it begins."""

    text: str
    offset: int


def pieces(text: str) -> Iterator[Piece]:
    """The statements of a text; psql's lines, templates and COPY data are none."""
    masked = mask(text).text
    for found in cut(scan_all(masked))[0]:
        start = found.tokens[0].start
        yield Piece(masked[start : found.tokens[-1].end], start)


def mentions(sql: str, schema: Schema) -> list[Mention]:
    """All that a query names, each resolved to its relation; Unreadable where there is no telling."""
    tree = _tree(sql)
    found = [*_relations(tree, schema), *_lists(tree, schema)]
    for column in tree.find_all(exp.Column):
        if isinstance(column.this, exp.Identifier):
            found += _Asked(column, schema).mentions()
    return found


# --------------------------------------------------------------------------- reading

_PREFIX = re.compile(
    r"\s*(?:explain\s*(?:\([^)]*\)|(?:analyze|verbose)\s+)*|prepare\s+\w+(?:\s*\([^)]*\))?\s+as\b)", re.I
)
_FOREIGN = re.compile(r"%\(\w+\)s|%s|[#$]?\{[^{}]*\}|\?|@\w+|&\w+")


def _tree(sql: str) -> exp.Expr:
    prefix = _PREFIX.match(sql)
    text = " " * prefix.end() + sql[prefix.end() :] if prefix else sql
    for attempt in (text, _FOREIGN.sub(_neutral, text)):
        try:
            tree = sqlglot.parse_one(attempt, read="postgres")
        except (SqlglotError, RecursionError, ValueError):
            continue
        if not isinstance(tree, exp.Command) and tree.find(*_FRAMES, exp.Copy):
            return tree
    raise Unreadable(sql)


def _neutral(place: re.Match[str]) -> str:
    """Of the same length, and right where a value stands as well as where a name does."""
    length = len(place[0])
    return "0" if length == 1 else "z" * length


# --------------------------------------------------------------------------- relations, and lists of columns


def _name(table: exp.Table) -> Name:
    return Name(_folded(table.args["db"]) if table.args.get("db") else None, _folded(table.this))


def _folded(identifier: exp.Expr) -> str:
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()


def _offset(identifier: exp.Expr) -> int:
    return int(identifier.meta.get("start", 0))


def _is_named(table: exp.Expr | None) -> bool:
    """Whether it is a relation of the schema, and no function or CTE."""
    return isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier) and _cte(table) is None


def _relations(tree: exp.Expr, schema: Schema) -> Iterator[Mention]:
    for table in tree.find_all(exp.Table):
        if _is_named(table):
            yield Mention(schema.resolve(_name(table)), None, _offset(table.this))


def _lists(tree: exp.Expr, schema: Schema) -> Iterator[Mention]:
    """The columns of INSERT (…) and COPY (…), and the places of an INSERT without a list; JOIN … USING (…)."""
    for node in tree.find_all(exp.Insert, exp.Copy):
        listed, target = node.this, _target(node)
        if target is None:
            continue
        relation = schema.resolve(_name(target))
        if isinstance(listed, exp.Schema):
            for column in listed.expressions:
                yield Mention(relation, _folded(column), _offset(column))
        elif node.args.get("expression") and not node.args.get("default"):
            yield Mention(relation, EVERY, _offset(target.this))
    for join in tree.find_all(exp.Join):
        for column in join.args.get("using") or ():
            for source in _sources(join.find_ancestor(*_FRAMES)):
                if source.table is not None and schema.has(schema.resolve(source.table), _folded(column)):
                    yield Mention(schema.resolve(source.table), _folded(column), _offset(column))


def _target(node: exp.Expr | None) -> exp.Table | None:
    """The table that a statement writes to."""
    inner = node.this if node is not None else None
    inner = inner.this if isinstance(inner, exp.Schema) else inner
    return inner if isinstance(inner, exp.Table) and isinstance(inner.this, exp.Identifier) else None


# --------------------------------------------------------------------------- what a query reads from


class _Source(NamedTuple):
    """One item of FROM: a table, or a query whose columns have the names ``columns`` where it renames them."""

    alias: str
    table: Name | None = None
    query: exp.Expr | None = None
    columns: tuple[str, ...] = ()


def _sources(frame: exp.Expr | None) -> list[_Source]:
    if frame is None:
        return []
    items = [frame.args.get("this") if not isinstance(frame, exp.Select) else None, frame.args.get("using")]
    items += [part.this for part in (frame.args.get("from_"),) if part is not None]
    items += [*(frame.args.get("joins") or ()), *(frame.args.get("laterals") or ())]
    return [source for item in items for source in _sources_in(item)]


def _sources_in(item: object) -> Iterator[_Source]:
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
            yield _Source(item.alias, query=inner, columns=tuple(item.alias_column_names))
        yield from _sources_in(item.args.get("joins"))
    elif isinstance(item, (exp.Values, exp.Unnest)):
        yield _Source(item.alias, columns=tuple(item.alias_column_names))


def _source(table: exp.Table) -> _Source:
    columns = tuple(table.alias_column_names)
    if not isinstance(table.this, exp.Identifier):
        return _Source(table.alias, columns=columns)
    alias = table.args.get("alias")
    called = _folded(alias.this) if alias and alias.this else _folded(table.this)
    cte = _cte(table)
    if cte is not None:
        return _Source(called, query=cte.this, columns=columns or tuple(cte.alias_column_names))
    return _Source(called, table=_name(table), columns=columns)


def _cte(table: exp.Table) -> exp.CTE | None:
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


# --------------------------------------------------------------------------- columns


class _Asked:
    """One column of a query, asked for its relation."""

    def __init__(self, column: exp.Column, schema: Schema) -> None:
        self._column = column
        self._schema = schema
        self._name = _folded(column.this)
        self._queries: list[exp.Expr] = []

    def mentions(self) -> list[Mention]:
        found = [] if self._is_output() else self._found()
        return [Mention(relation, self._name, _offset(self._column.this)) for relation in dict.fromkeys(found)]

    def _is_output(self) -> bool:
        """ORDER BY takes the name of an output before that of a column."""
        if self._column.table or not isinstance(self._column.parent, exp.Ordered):
            return False
        query = self._column.find_ancestor(*_FRAMES)
        return isinstance(query, exp.Select) and any(
            isinstance(item, exp.Alias) and item.alias == self._name for item in query.expressions
        )

    def _found(self) -> list[Name]:
        frame = self._column.find_ancestor(*_FRAMES)
        if self._is_assigned():
            target = _target(frame)
            while frame is not None and target is None:  # an action of MERGE
                frame = frame.find_ancestor(*_FRAMES)
                target = _target(frame)
            return [] if target is None else [self._schema.resolve(_name(target))]
        while frame is not None:
            relations = self._in(_sources(frame), frame)
            if relations is not None:
                return relations
            frame = frame.find_ancestor(*_FRAMES)
        return []

    def _is_assigned(self) -> bool:
        """Whether it is what SET, a MERGE's INSERT or ON CONFLICT names: the target's, whatever else has one."""
        node: exp.Expr = self._column
        while isinstance(node.parent, (exp.Tuple, exp.Paren, exp.Ordered)):
            node = node.parent
        above = node.parent
        if isinstance(above, exp.EQ):
            return (
                node.arg_key == "this"
                and above.arg_key == "expressions"
                and isinstance(above.parent, (exp.Update, exp.OnConflict))
            )
        return isinstance(above, exp.OnConflict) or (isinstance(above, exp.Insert) and node.arg_key == "this")

    def _in(self, sources: list[_Source], frame: exp.Expr) -> list[Name] | None:
        """The relations it is of, as far as these are asked; None where it must be another query's."""
        table = self._column.table
        if not table:
            return self._of_any(sources)
        if table == "excluded" and isinstance(frame, exp.Insert):
            return [self._schema.resolve(source.table) for source in sources if source.table]
        db = self._column.args.get("db")
        for source in sources:
            if db is not None and source.table == Name(db.name, table):
                return [source.table]
            if db is None and source.alias == _folded(self._column.args["table"]):
                return self._of(source)
        return None

    def _of(self, source: _Source) -> list[Name]:
        if source.table is not None:
            return [self._schema.resolve(source.table)]
        return self._through(source) or []

    def _of_any(self, sources: list[_Source]) -> list[Name] | None:
        """Those that are known to have it; where none is, those of which nobody knows."""
        owners: list[Name] = []
        unsure: list[Name] = []
        is_known = False
        for source in sources:
            if source.table is not None:
                relation = self._schema.resolve(source.table)
                has = self._schema.has(relation, self._name)
                (owners if has else unsure if has is None else []).append(relation)
            else:
                through = self._through(source)
                is_known = is_known or through is not None
                owners += through or []
        return owners if owners or is_known else unsure or None

    def _through(self, source: _Source) -> list[Name] | None:
        """The relations whose column a query in FROM hands on under this name with a star; [] for one of its own."""
        if source.columns:
            return [] if self._name in source.columns else None
        if source.query is None or any(source.query is seen for seen in self._queries):
            return None
        self._queries.append(source.query)
        select = source.query.find(exp.Select)
        if select is None:
            return None
        if self._name in select.named_selects:
            return []
        starred = [item for item in select.expressions if item.is_star and not isinstance(item, exp.Count)]
        if not starred:
            return None
        tables = {_folded(item.args["table"]) for item in starred if item.args.get("table")}
        inner = _sources(select)
        return self._of_any([s for s in inner if s.alias in tables] if len(tables) == len(starred) else inner)
