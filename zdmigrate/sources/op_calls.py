"""SQL as calls of ``op``: Alembic's own where they say exactly the same, ``op.execute`` for the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zdmigrate.schema import operations as ops
from zdmigrate.schema.spelling import spelled, spelled_name
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name

_BIND = re.compile(r"(?<![:\w\\]):(?=\w)")  # what sqlalchemy.text takes for a parameter


def words_of(sql: str) -> tuple[str, ...]:
    """Its tokens, as far as they matter: keywords and names in small letters unless they are quoted."""
    statements = read_script(sql).statements
    return tuple(word if word[0] in "'\"$" else word.lower() for statement in statements for word in statement.words)


def call_of(sql: str) -> str:
    """The call that sends the statement."""
    return _own_call(sql) or f"op.execute({text_of(escaped(sql))})"


def escaped(sql: str) -> str:
    """As sqlalchemy.text sends it on unchanged."""
    return _BIND.sub(r"\\:", sql)


def text_of(sql: str) -> str:
    """A literal of Python: in lines where the SQL has some, and nothing in them that must keep its place."""
    if "\n" not in sql or any("\n" in word for word in words_of(sql) if word[0] in "'\"eE"):
        return quoted(sql)
    return '"""\n' + sql.replace("\\", "\\\\").replace('"""', '\\"""') + '\n"""'


def quoted(text: str) -> str:
    """A literal of Python, with double quotes where that needs no backslash."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written


# --------------------------------------------------------------------------- calls of Alembic's own


def _own_call(sql: str) -> str | None:
    """A call whose SQL is known; a word more, such as CASCADE, and there is none, nor for a percent sign."""
    (statement,) = read_script(sql).statements
    if len(statement.operations) != 1 or statement.error is not None or "%" in sql:
        return None
    said = _said(statement.operations[0])
    return said[1] if said is not None and words_of(said[0]) == words_of(sql) else None


def _said(operation: Any) -> tuple[str, str] | None:
    """The SQL of the call, and the call."""
    table = operation.relation
    match operation:
        case ops.CreateIndex(name=str(name)) if table and all(operation.columns):
            return _index(operation, table, name)
        case ops.DropIndex() if operation.concurrently and table:
            return _index_dropped(table, is_sure=not operation.if_exists)
        case ops.DropTable() if table:
            return f"DROP TABLE {spelled_name(table)}", f"op.drop_table({_named(table)})"
        case ops.DropColumn() if table:
            sql = f"{_alter(table)} DROP COLUMN {spelled(operation.column)}"
            return sql, _of_table("drop_column", table, operation.column)
        case ops.DropConstraint() if table:
            sql = f"{_alter(table)} DROP CONSTRAINT {spelled(operation.name)}"
            return sql, f"op.drop_constraint({quoted(operation.name)}, {_named(table)})"
        case ops.SetNotNull() | ops.DropNotNull() | ops.DropDefault() | ops.SetDefault() | ops.RenameColumn() if table:
            return _column(operation, table)
    return None


def _index(operation: ops.CreateIndex, table: Name, name: str) -> tuple[str, str]:
    unique = "UNIQUE " if operation.unique else ""
    concurrently = "CONCURRENTLY " if operation.concurrently else ""
    columns = ", ".join(map(spelled, operation.columns))
    sql = f"CREATE {unique}INDEX {concurrently}{spelled(name)} ON {spelled_name(table)} ({columns})"
    words = [
        quoted(name),
        quoted(table.name),
        f"[{', '.join(map(quoted, operation.columns))}]",
        *(["unique=True"] if operation.unique else []),
        *_schema(table),
        *(["postgresql_concurrently=True"] if operation.concurrently else []),
    ]
    return sql, f"op.create_index({', '.join(words)})"


def _index_dropped(index: Name, *, is_sure: bool) -> tuple[str, str]:
    words = [
        quoted(index.name),
        *_schema(index),
        *([] if is_sure else ["if_exists=True"]),
        "postgresql_concurrently=True",
    ]
    there = "" if is_sure else "IF EXISTS "
    return f"DROP INDEX CONCURRENTLY {there}{spelled_name(index)}", f"op.drop_index({', '.join(words)})"


def _column(operation: Any, table: Name) -> tuple[str, str]:
    change, word = _CHANGES[operation.kind](operation)
    name = spelled(operation.column)
    action = f"RENAME COLUMN {name} {change}" if operation.kind == "rename_column" else f"ALTER COLUMN {name} {change}"
    return f"{_alter(table)} {action}", _of_table("alter_column", table, operation.column, word)


_CHANGES: dict[str, Any] = {
    "set_not_null": lambda _: ("SET NOT NULL", "nullable=False"),
    "drop_not_null": lambda _: ("DROP NOT NULL", "nullable=True"),
    "drop_default": lambda _: ("DROP DEFAULT", "server_default=None"),
    "set_default": lambda each: (
        f"SET DEFAULT {each.default.sql}",
        f"server_default=sa.text({quoted(escaped(each.default.sql))})",
    ),
    "rename_column": lambda each: (f"TO {spelled(each.new_name)}", f"new_column_name={quoted(each.new_name)}"),
}


def _alter(table: Name) -> str:
    return f"ALTER TABLE {spelled_name(table)}"


def _of_table(call: str, table: Name, column: str, *words: str) -> str:
    return f"op.{call}({', '.join((quoted(table.name), quoted(column), *words, *_schema(table)))})"


def _named(table: Name) -> str:
    return ", ".join((quoted(table.name), *_schema(table)))


def _schema(name: Name) -> list[str]:
    return [f"schema={quoted(name.schema)}"] if name.schema else []
