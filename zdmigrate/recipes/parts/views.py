"""A view's query with other names for columns of one of its tables: each name is resolved as PostgreSQL would.

Where a star, a USING, a NATURAL join, or a whole row stands for columns that have no name of their own, there is no
such query that a reviewer could compare with the old one: None.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.recipes.parts.renaming import Piece, replaced, with_columns
from zdmigrate.schema.names import Name, Span
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.schema.catalog import Catalog

Node = Any


class Relation(NamedTuple):
    """Something that a FROM lists, and whether it is the table in question."""

    alias: str
    ours: bool


class Unclear(Exception):
    """Columns are meant that are not named."""


def renamed_view(
    statement: str,
    table: Name,
    names: Mapping[str, str],
    catalog: Catalog,
    values: Mapping[str, str] = MappingProxyType({}),
) -> str | None:
    """CREATE OR REPLACE VIEW with the same output, over columns of other names; None where that is unclear.

    ``values`` are old columns of which the new one is no copy, as expressions over the new.
    """
    piece = Piece(statement, "")
    reader = _Reader(piece, table, names, catalog, values)
    body = next(iter(piece.tree["stmts"][0]["stmt"].values()))
    try:
        reader.read(body["query"], ())
    except Unclear:
        return None
    head = next(token for token in piece.tokens if statement[token.start : token.end].lower() == "create")
    text = replaced(statement, reader.places)
    return text if body.get("replace") else f"{text[: head.end]} OR REPLACE{text[head.end :]}"


class _Reader:
    """Walks the query, keeping the FROMs that a name can mean, the innermost first."""

    def __init__(
        self, piece: Piece, table: Name, names: Mapping[str, str], catalog: Catalog, values: Mapping[str, str]
    ) -> None:
        self.piece, self.table, self.names, self.catalog, self.values = piece, table, names, catalog, values
        self.places: list[tuple[Span, str]] = []

    def read(self, node: Node, scopes: tuple[tuple[Relation, ...], ...], hidden: frozenset[str] = frozenset()) -> None:
        if isinstance(node, list):
            for each in node:
                self.read(each, scopes, hidden)
        elif isinstance(node, dict):
            for kind, body in node.items():
                self._enter(kind, body, scopes, hidden)

    def _enter(self, kind: str, body: Node, scopes: tuple[tuple[Relation, ...], ...], hidden: frozenset[str]) -> None:
        if kind == "SelectStmt" or (kind in ("larg", "rarg") and isinstance(body, dict) and "op" in body):
            self._select(body, scopes, hidden)
        elif kind == "ColumnRef":
            self._column(body, scopes)
        elif kind == "ResTarget":
            self._target(body, scopes, hidden)
        else:
            self.read(body, scopes, hidden)

    def _select(self, body: Node, scopes: tuple[tuple[Relation, ...], ...], hidden: frozenset[str]) -> None:
        ctes = [each["CommonTableExpr"]["ctename"] for each in body.get("withClause", {}).get("ctes", ())]
        hidden = hidden.union(ctes)
        own = tuple(relation for item in body.get("fromClause", ()) for relation in self._relations(item, hidden))
        inner = (own, *scopes)
        combined = body.get("op", "SETOP_NONE") != "SETOP_NONE"
        for key, value in body.items():
            if not (key == "sortClause" and combined):  # ORDER BY of a UNION means its output
                self.read({key: value}, inner, hidden)

    def _relations(self, item: Node, hidden: frozenset[str]) -> list[Relation]:
        [(kind, body)] = item.items()
        if kind == "JoinExpr":
            sides = self._relations(body["larg"], hidden) + self._relations(body["rarg"], hidden)
            if (body.get("isNatural") or "usingClause" in body or "alias" in body) and any(s.ours for s in sides):
                raise Unclear
            return sides
        alias = body.get("alias", {})
        if kind != "RangeVar":
            return [Relation(alias.get("aliasname", ""), ours=False)]
        name = Name(body.get("schemaname"), body["relname"])
        is_cte = name.schema is None and name.name in hidden
        ours = not is_cte and self.catalog.resolve(name) == self.table
        if ours and "colnames" in alias:
            raise Unclear
        return [Relation(alias.get("aliasname", name.name), ours)]

    def _target(self, body: Node, scopes: tuple[tuple[Relation, ...], ...], hidden: frozenset[str]) -> None:
        before = len(self.places)
        self.read(body["val"], scopes, hidden)
        if "name" not in body and "ColumnRef" in body["val"] and len(self.places) > before:
            span, new = self.places.pop()
            last = self.piece.place_of(body["val"]["ColumnRef"], len(body["val"]["ColumnRef"]["fields"]))
            self.places.append((span, f"{new} AS {self.piece.text[last.start : last.end]}"))

    def _column(self, body: Node, scopes: tuple[tuple[Relation, ...], ...]) -> None:
        fields = body["fields"]
        words = [field["String"]["sval"] for field in fields if "String" in field]
        if len(words) < len(fields):
            if self._is_ours(words, scopes, star=True):
                raise Unclear
        elif len(words) == 1 and any(relation.ours and relation.alias == words[0] for relation in sum(scopes, ())):
            raise Unclear
        elif words[-1] in self.names and self._is_ours(words[:-1], scopes):
            self.places.append(self._replaced(body, words))

    def _replaced(self, body: Node, words: list[str]) -> tuple[Span, str]:
        last, value = self.piece.place_of(body, len(words)), self.values.get(words[-1])
        if value is None:
            return last, spelled(self.names[words[-1]])
        first = self.piece.place_of(body, 1).start
        qualifier = self.piece.text[first : last.start]
        return Span(first, last.end), with_columns(value, lambda column: qualifier + spelled(column))

    def _is_ours(self, qualifier: list[str], scopes: tuple[tuple[Relation, ...], ...], *, star: bool = False) -> bool:
        for scope in scopes:
            if qualifier:
                found = [relation for relation in scope if relation.alias == qualifier[-1]]
                if found:
                    return any(relation.ours for relation in found)
            elif any(relation.ours for relation in scope):
                return True
            elif star:
                return False
        return False
