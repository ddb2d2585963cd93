"""What a statement hangs on tables: constraints, indexes, settings, comments, grants, statistics, triggers, views.

What this reader does not know is kept as ``other``, and a recipe that would have to carry it refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.definitions import constraint_sql, index_sql
from zdmigrate.recipes.parts.hanging import Hanging
from zdmigrate.recipes.parts.made_of_columns import of_definitions, owned, read_elsewhere
from zdmigrate.recipes.parts.renaming import Piece, folded
from zdmigrate.schema import operations as ops
from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Span
    from zdmigrate.sql.script import Statement

SETTINGS = ("set_statistics", "set_storage", "set_compression", "set_column_options")


def labelled_by(operation: Any, statement: Statement, before: tuple[Hanging, ...]) -> Iterator[Hanging]:
    """A comment on an index or a constraint, and what else is said of an index by its name."""
    if operation.kind == "comment_on" and operation.object_type in ("index", "constraint"):
        kind, name = operation.object_type.upper(), operation.name.name
        said = f"IS {statement.text[_end_of_word(statement.text, 'is') :].strip()}"
    elif operation.kind == "set_statistics" and operation.column.isdigit():
        kind, name, said = "STATISTICS", operation.relation.name, statement.text.split(None, 3)[-1]
    elif operation.kind in ("set_replica_identity", "cluster_on"):
        kind = "REPLICA IDENTITY USING INDEX" if operation.kind == "set_replica_identity" else "CLUSTER ON"
        name, said = folded(statement.text.split()[-1]), ""
    else:
        return
    for each in before:
        if each.name == name and each.kind in ("index", "constraint"):
            yield Hanging(kind="label", table=each.table, name=name, sql=said, columns=each.columns, type=kind)


def made_by(operation: Any, statement: Statement, text: str, before: Catalog, after: Catalog) -> Iterator[Hanging]:
    """What an operation of a statement hangs on tables, its own table or others."""
    if operation.kind in ("create_table", "add_column", "add_identity") and operation.relation is not None:
        column = operation.column.name if operation.kind == "add_column" else getattr(operation, "column", "")
        yield from of_definitions(operation.relation, statement.text, after, column)
    elif operation.kind == "create_policy":
        own = after.resolve(operation.relation)
        yield from read_elsewhere(statement.text, f"policy {operation.name} of {own}", own, after)
    elif isinstance(operation, ops.CreateFunction) and operation.language == "sql" and operation.body is None:
        yield from read_elsewhere(statement.text, f"function {operation.name.name}", None, after)
    elif isinstance(operation, ops.CreateObject | ops.AlterObject) and operation.object_type == "sequence":
        yield from owned(statement.text, after)
    yield from _of_kind(operation, statement, text, before, after)


def _of_kind(operation: Any, statement: Statement, text: str, before: Catalog, after: Catalog) -> Iterator[Hanging]:
    if operation.kind in ("create_table", "add_column") or isinstance(operation, ops.AddConstraint):
        yield from _constraints(operation, text, before, after)
    elif operation.kind == "create_index":
        yield from _index(operation, statement, before, after)
    elif operation.kind in _OTHERS and operation.relation is not None:
        yield from _OTHERS[operation.kind](operation, statement, text, after)


def _constraints(operation: Any, text: str, before: Catalog, after: Catalog) -> Iterator[Hanging]:
    """Those that are in the catalog now and were not; by their order, for a name may be the server's choice."""
    table = after.table(operation.relation)
    if table is None:
        return
    known = before.tables.get(table.name)
    new = [kept for name, kept in table.constraints.items() if known is None or name not in known.constraints]
    for constraint, recorded in zip(_written(operation), new, strict=False):
        constraint = constraint.changed(columns=recorded.columns)
        yield Hanging(
            kind="constraint",
            table=table.name,
            name=recorded.name,
            sql=constraint_sql(constraint, text[constraint.span.start : constraint.span.end]),
            columns=tuple(dict.fromkeys((*recorded.columns, *constraint.included))),
            type=constraint.type,
        )


def _written(operation: Any) -> Iterator[ops.Constraint]:
    """The constraints in the order in which the catalog records them."""
    if operation.kind == "create_table":
        for column in operation.columns:
            yield from column.constraints
        yield from operation.constraints
    elif operation.kind == "add_column":
        yield from operation.column.constraints
    else:
        yield operation.constraint


def _index(operation: ops.CreateIndex, statement: Statement, before: Catalog, after: Catalog) -> Iterator[Hanging]:
    table = after.table(operation.relation)
    own = [after.indexes[name] for name in table.indexes if name in after.indexes] if table else []
    for index in own:
        if table is not None and index.name not in before.indexes:
            columns = dict.fromkeys(filter(None, (*index.columns, *index.included, *index.mentioned)))
            yield Hanging(
                kind="index",
                table=table.name,
                name=index.name.name,
                sql=index_sql(statement.text),
                columns=tuple(columns),
                type="unique" if index.unique else "",
            )


def _setting(operation: Any, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    yield _of(operation, statement, after, "setting", operation.column, _text(operation.span, text)).changed(
        columns=(operation.column,), type=operation.kind
    )


def _comment(operation: ops.CommentOn, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    if operation.object_type == "column":
        said = statement.text[_end_of_word(statement.text, "is") :].strip()
        yield _of(operation, statement, after, "comment", operation.name.name, said).changed(
            columns=(operation.name.name,)
        )


def _start_of_last(text: str, word: str) -> int:
    piece = Piece(text, "")
    return [token.start for token in piece.tokens if text[token.start : token.end].lower() == word][-1]


def _end_of_word(text: str, word: str) -> int:
    piece = Piece(text, "")
    return next(token.end for token in piece.tokens if text[token.start : token.end].lower() == word)


def _is_inside(words: Sequence[str], place: int) -> bool:
    """Whether more parentheses have been opened before a word than closed."""
    return words[:place].count("(") > words[:place].count(")")


def _grant(operation: ops.Grant, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    """GRANT on columns; one on the table is for new columns as well, and needs no carrying from one to another."""
    piece = Piece(statement.text, "")
    words = [statement.text[token.start : token.end] for token in piece.tokens]
    before = words[: next(place for place, word in enumerate(words) if word.lower() == "on")]
    named = [word for place, word in enumerate(before) if word not in "(,)" and _is_inside(before, place)]
    columns = tuple(dict.fromkeys(map(folded, named)))
    kind = "grant" if columns else "privilege"
    yield _of(operation, statement, after, kind, ", ".join(columns), statement.text).changed(columns=columns)


def _statistics(operation: Any, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    definition = statement.text[_end_of_word(statement.text, "on") : _start_of_last(statement.text, "from")].strip()
    kinds = statement.text[: _end_of_word(statement.text, "on") - 2].partition("(")[2].rpartition(")")[0]
    piece = Piece(definition, "CREATE STATISTICS s ON ", " FROM t")
    words = {words[-1] for _, words in piece.references()} | {word for _, word in piece.elements()}
    columns = tuple(column for column in after.tables[after.resolve(operation.relation)].columns if column in words)
    found = _of(operation, statement, after, "statistics", operation.name, definition)
    yield found.changed(columns=columns, type=kinds)


def _trigger(operation: Any, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    columns = operation.columns or _words_of_columns(statement.text, operation, after)
    yield _of(operation, statement, after, "trigger", operation.name, statement.text).changed(columns=columns)


def _policy(operation: Any, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    columns = _words_of_columns(statement.text, operation, after)
    yield _of(operation, statement, after, "policy", operation.name, statement.text).changed(columns=columns)


def _publication(operation: ops.PublishTable, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    """Its list of columns and its filter of rows; only the database says them in a form that can be named anew."""
    if operation.columns and not operation.dropped:
        found = _of(operation, statement, after, "publication", operation.name, "")
        yield found.changed(columns=operation.columns)


def _rule(operation: Any, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    columns = _words_of_columns(statement.text, operation, after)
    yield _of(operation, statement, after, "other", f"rule {operation.name}", statement.text).changed(columns=columns)


def _view(operation: ops.CreateView, statement: Statement, text: str, after: Catalog) -> Iterator[Hanging]:
    """A view may read any column that it names; with a star, all of them."""
    name = after.new_name(operation.relation or Name(None, ""), temporary=operation.temporary)
    for source in dict.fromkeys(map(after.resolve, operation.sources)):
        if source in after.tables:
            columns = _words_in(statement.text, tuple(after.tables[source].columns))
            kind = "view" if operation.kind == "create_view" else "other"
            told = str(name) if kind == "view" else f"materialized view {name}"
            yield Hanging(
                kind=kind, table=source, name=told, sql=statement.text, columns=columns, statement=statement.text
            )


def _of(operation: Any, statement: Statement, after: Catalog, kind: str, name: str, sql: str) -> Hanging:
    return Hanging(kind=kind, table=after.resolve(operation.relation), name=name, sql=sql, statement=statement.text)


def _words_of_columns(text: str, operation: Any, after: Catalog) -> tuple[str, ...]:
    table = after.table(operation.relation)
    return _words_in(text, tuple(table.columns) if table else ())


def _words_in(text: str, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns that a statement names in an expression, or in a list."""
    piece = Piece(text, "")
    words = {words[-1] for _, words in piece.references()} | {word for _, word in piece.listed("")}
    words |= set(columns) if piece.has_star else set()
    return tuple(column for column in columns if column in words)


def _text(span: Span, text: str) -> str:
    return text[span.start : span.end]


_OTHERS: dict[str, Callable[[Any, Statement, str, Catalog], Iterator[Hanging]]] = {
    **dict.fromkeys(SETTINGS, _setting),
    "comment_on": _comment,
    "grant": _grant,
    "create_statistics": _statistics,
    "publish_table": _publication,
    "create_trigger": _trigger,
    "create_policy": _policy,
    "create_rule": _rule,
    "create_view": _view,
    "create_materialized_view": _view,
}
