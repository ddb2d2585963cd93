"""What hangs on tables, read through the connection that Alembic has, whatever its driver."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from zdmigrate.recipes.parts.described import furniture_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection

    from zdmigrate.recipes.parts.furniture import Furniture
    from zdmigrate.schema.names import Name


def furniture_on(connection: Connection, names: Iterable[Name]) -> Furniture:
    """What the database says of these relations, and of those around them."""

    def rows(query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        named, given = _bound(query, values)
        return [tuple(map(_told, row)) for row in connection.execute(text(named), given)]

    return furniture_from(rows, names)


def _told(value: Any) -> Any:
    """Asyncpg has a "char" of PostgreSQL's as bytes, and an empty one as a zero."""
    return value.decode().rstrip("\0") if isinstance(value, bytes) else value


def _bound(query: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """Placeholders of psycopg's as SQLAlchemy's; in parentheses, or a cast behind one would hide it."""
    numbers = count()
    whole = "%".join(piece.replace("%s", "\0") for piece in query.split("%%"))
    while "\0" in whole:
        whole = whole.replace("\0", f"(:v{next(numbers)})", 1)
    return whole, {f"v{number}": value for number, value in enumerate(values)}
