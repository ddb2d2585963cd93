"""Indexes and constraints as what stands behind their names: so that they can be made again under another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.recipes.parts.renaming import Piece
from zdmigrate.schema.spelling import spelled, spelled_list
from zdmigrate.sql.lift.nodes import string

if TYPE_CHECKING:
    from zdmigrate.schema.operations import Constraint

_NAMED = re.compile(r'\s*constraint\s+("(?:[^"]|"")*"|[^\s"]+)\s+', re.IGNORECASE)
_LATE = re.compile(r"\s+(?:not\s+deferrable|deferrable|initially)\b.*$", re.IGNORECASE | re.DOTALL)
_KEY = re.compile(r"(?:unique|primary)\b", re.IGNORECASE)
_BTREE = re.compile(r"using\s+btree\s*", re.IGNORECASE)
_NULLS = re.compile(r"\)\s*(nulls\s+(?:not\s+)?distinct)", re.IGNORECASE)
_NOT_VALID = re.compile(r"\s+not\s+valid\s*$", re.IGNORECASE)


def index_sql(statement: str) -> str:
    """``USING btree (lower(name)) WHERE visits > 0`` of a CREATE INDEX; "" of one that a DO runs."""
    piece = Piece(statement, "")
    words = [(token, statement[token.start : token.end].lower()) for token in piece.tokens]
    places = (number for number, (_, word) in enumerate(words) if word == "on")
    for token, word in words[next(places, len(words)) + 1 :]:
        if word in ("using", "("):
            return statement[token.start :].strip()
    return ""


def constraint_sql(constraint: Constraint, written: str) -> str:
    """``FOREIGN KEY (author) REFERENCES authors ON DELETE CASCADE``, also of one that was written on a column."""
    text = _NOT_VALID.sub("", _NAMED.sub("", written, count=1)).strip()
    columns = f"({spelled_list(constraint.columns)})"
    if constraint.type == "foreign_key" and not text.lower().startswith("foreign"):
        return f"FOREIGN KEY {columns} {text}"
    if constraint.type == "not_null":
        return f"NOT NULL {spelled(constraint.columns[0])}"
    if constraint.using_index is not None:
        late = _LATE.search(text)
        return (
            f"{'PRIMARY KEY' if constraint.type == 'primary_key' else 'UNIQUE'} {columns}{late.group() if late else ''}"
        )
    if constraint.type in ("unique", "primary_key"):
        return _key(text, columns)
    return text


def _key(text: str, columns: str) -> str:
    """UNIQUE or PRIMARY KEY with its list, which one on a column has not."""
    head = re.match(r"(?:primary\s+key|unique(?:\s+nulls\s+(?:not\s+)?distinct)?)\s*", text, re.IGNORECASE)
    assert head, text
    rest = text[head.end() :]
    return text if rest.startswith("(") else f"{head.group().strip()} {columns} {rest}".strip()


def granted_on(statement: str, relation: str) -> str:
    """A GRANT on a table as one on another relation."""
    piece = Piece(statement, "")
    words = [(token, statement[token.start : token.end].lower()) for token in piece.tokens]
    at = next(place for place, (_, word) in enumerate(words) if word == "on") + 1
    first = at + 1 if words[at][1] == "table" else at
    last = next(place for place, (_, word) in enumerate(words) if word == "to" and place > at) - 1
    return f"{statement[: words[at][0].start]}{relation}{statement[words[max(first, last)][0].end :]}"


class KeyParts(NamedTuple):
    """A UNIQUE or PRIMARY KEY as the index that it needs, and what only the constraint can say."""

    built: str
    deferrable: str


def key_parts(definition: str) -> KeyParts:
    """``(a, b) INCLUDE (c) NULLS NOT DISTINCT`` and ``" DEFERRABLE INITIALLY DEFERRED"``."""
    head = re.match(r"(?:primary\s+key|unique(\s+nulls\s+(?:not\s+)?distinct)?)\s*", definition, re.IGNORECASE)
    assert head, definition
    rest = definition[head.end() :]
    late = _LATE.search(rest)
    index = rest[: late.start()] if late else rest
    nulls = f" {head.group(1).strip()}" if head.group(1) else ""
    split = re.search(r"\s+with\s*\(", index, re.IGNORECASE)
    at = split.start() if split else len(index)
    return KeyParts(f"{index[:at]}{nulls}{index[at:]}", late.group() if late else "")


def key_of_index(definition: str) -> str:
    """``NULLS NOT DISTINCT (a, b) INCLUDE (c)``, as a constraint says it, of the index that it takes over."""
    index = _BTREE.sub("", definition)
    nulls = _NULLS.search(index)
    return index if nulls is None else f"{nulls.group(1)} {index[: nulls.start(1)].strip()}{index[nulls.end() :]}"


def listed_columns(definition: str) -> tuple[str, ...]:
    """The columns of a key's index, those of INCLUDE behind: the server names the key after all of them."""
    piece = Piece(definition, "CREATE INDEX i ON t ")
    return tuple(word for behind in ("", "include") for _, word in piece.listed(behind))


def included_columns(definition: str) -> set[str]:
    """What an index, or the key of one, only carries along, and makes nothing of."""
    piece = Piece(definition, "ALTER TABLE t ADD " if _KEY.match(definition) else "CREATE INDEX i ON t ")
    return {word for _, word in piece.listed("include")}


def index_columns(definition: str) -> tuple[str, ...]:
    """What the server calls an index's columns: a function's or type's name for an expression, each once.

    ``FigureIndexColname`` and ``ChooseIndexColumnNames`` of the server, for the expressions that indexes have.
    """
    statement = Piece(definition, "CREATE INDEX i ON t ").tree["stmts"][0]["stmt"]["IndexStmt"]
    named: list[str] = []
    for element in (*statement["indexParams"], *statement.get("indexIncludingParams", ())):
        body = element["IndexElem"]
        name = body.get("name") or _figured(body["expr"]) or "expr"
        number = 0
        while (tried := f"{name}{number or ''}") in named:
            number += 1
        named.append(tried)
    return tuple(named)


def _figured(expression: dict[str, Any]) -> str:
    [(kind, body)] = expression.items()
    match kind:
        case "ColumnRef" if "String" in body["fields"][-1]:
            return string(body["fields"][-1])
        case "FuncCall":
            return string(body["funcname"][-1])
        case "TypeCast":
            return _figured(body["arg"]) or string(body["typeName"]["names"][-1])
        case "CollateClause":
            return _figured(body["arg"])
        case "CaseExpr":
            return _figured(body["defresult"]) if "defresult" in body else "case"
        case "CoalesceExpr":
            return "coalesce"
    return ""
