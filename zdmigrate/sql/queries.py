"""Which relations and columns an app's query names, and where: with query_sources the one door to sqlglot.

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
from zdmigrate.sql.query_sources import FRAMES, Source, cte_of, folded, name_of, sources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it passes on unread

EVERY = "*"  # the column of an INSERT without a list: it names them all by their places


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
        start = found.tokens.starts[0]
        yield Piece(masked[start : found.tokens.ends[-1]], start)


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
        if not isinstance(tree, exp.Command) and tree.find(*FRAMES, exp.Copy):
            return tree
    raise Unreadable(sql)


def _neutral(place: re.Match[str]) -> str:
    """Of the same length, and right where a value stands as well as where a name does."""
    length = len(place[0])
    return "0" if length == 1 else "z" * length


# --------------------------------------------------------------------------- relations, and lists of columns


def _offset(identifier: exp.Expr) -> int:
    return int(identifier.meta.get("start", 0))


def _is_named(table: exp.Expr | None) -> bool:
    """Whether it is a relation of the schema, and no function or CTE."""
    return isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier) and cte_of(table) is None


def _relations(tree: exp.Expr, schema: Schema) -> Iterator[Mention]:
    for table in tree.find_all(exp.Table):
        if _is_named(table):
            yield Mention(schema.resolve(name_of(table)), None, _offset(table.this))


def _lists(tree: exp.Expr, schema: Schema) -> Iterator[Mention]:
    """The columns of INSERT (…) and COPY (…), and the places of an INSERT without a list; JOIN … USING (…)."""
    for node in tree.find_all(exp.Insert, exp.Copy):
        listed, target = node.this, _target(node)
        if target is None:
            continue
        relation = schema.resolve(name_of(target))
        if isinstance(listed, exp.Schema):
            for column in listed.expressions:
                yield Mention(relation, folded(column), _offset(column))
        elif node.args.get("expression") and not node.args.get("default"):
            yield Mention(relation, EVERY, _offset(target.this))
    for join in tree.find_all(exp.Join):
        for column in join.args.get("using") or ():
            for source in sources_of(join.find_ancestor(*FRAMES)):
                if source.table is not None and schema.has(schema.resolve(source.table), folded(column)):
                    yield Mention(schema.resolve(source.table), folded(column), _offset(column))


def _target(node: exp.Expr | None) -> exp.Table | None:
    """The table that a statement writes to."""
    inner = node.this if node is not None else None
    inner = inner.this if isinstance(inner, exp.Schema) else inner
    return inner if isinstance(inner, exp.Table) and isinstance(inner.this, exp.Identifier) else None


# --------------------------------------------------------------------------- columns


class _Asked:
    """One column of a query, asked for its relation."""

    def __init__(self, column: exp.Column, schema: Schema) -> None:
        self._column = column
        self._schema = schema
        self._name = folded(column.this)
        self._queries: list[exp.Expr] = []

    def mentions(self) -> list[Mention]:
        found = [] if self._is_output() else self._found()
        return [Mention(relation, self._name, _offset(self._column.this)) for relation in dict.fromkeys(found)]

    def _is_output(self) -> bool:
        """ORDER BY takes the name of an output before that of a column."""
        if self._column.table or not isinstance(self._column.parent, exp.Ordered):
            return False
        query = self._column.find_ancestor(*FRAMES)
        return isinstance(query, exp.Select) and any(
            isinstance(item, exp.Alias) and item.alias == self._name for item in query.expressions
        )

    def _found(self) -> list[Name]:
        frame = self._column.find_ancestor(*FRAMES)
        if self._is_assigned():
            target = _target(frame)
            while frame is not None and target is None:  # an action of MERGE
                frame = frame.find_ancestor(*FRAMES)
                target = _target(frame)
            return [] if target is None else [self._schema.resolve(name_of(target))]
        while frame is not None:
            relations = self._in(sources_of(frame), frame)
            if relations is not None:
                return relations
            frame = frame.find_ancestor(*FRAMES)
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

    def _in(self, sources: list[Source], frame: exp.Expr) -> list[Name] | None:
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
            if db is None and source.alias == folded(self._column.args["table"]):
                return self._of(source)
        return None

    def _of(self, source: Source) -> list[Name]:
        if source.table is not None:
            return [self._schema.resolve(source.table)]
        return self._through(source) or []

    def _of_any(self, sources: list[Source]) -> list[Name] | None:
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

    def _through(self, source: Source) -> list[Name] | None:
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
        tables = {folded(item.args["table"]) for item in starred if item.args.get("table")}
        inner = sources_of(select)
        return self._of_any([s for s in inner if s.alias in tables] if len(tables) == len(starred) else inner)
