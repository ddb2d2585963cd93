"""The calls that a revision's own author wrote, to be kept wherever they send just what a phase says."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from typing import TYPE_CHECKING

from zdmigrate.sources.op_calls import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zdmigrate.sources.change import Change
    from zdmigrate.sql.script import Statement

    Words = tuple[str, ...]
    Place = tuple[tuple[int, int], tuple[int, int]]

_INDEX = re.compile(r"^(CREATE (?:UNIQUE )?INDEX|DROP INDEX) (?!CONCURRENTLY)", re.IGNORECASE)
_ADDED = re.compile(r"\bADD CONSTRAINT\b.*\b(FOREIGN KEY|CHECK)\b", re.IGNORECASE | re.DOTALL)


def own_calls(change: Change, source: str, sent: Collection[Words]) -> dict[Words, list[str]]:
    """Per statement, by its words, the lines of the call that sends it; none where another's call sends it, too.

    A call counts whose words mean the same anywhere in the module: no variable of a loop or a function is in it.
    """
    tree = ast.parse(source)
    known = _names_of(tree)
    found: dict[Words, list[str]] = {}
    for place, statements in _by_call(change).items():
        node = _call_at(tree, place)
        text = None if node is None else ast.get_source_segment(source, node, padded=True)
        if node is None or text is None or not _names_in(node) <= known:
            continue
        for texts, call in _forms([statement.text for statement in statements], textwrap.dedent(text)):
            words = [words_of(each) for each in texts]
            if all(each in sent for each in words):
                *others, last = words
                found |= {**{other: [] for other in others}, last: call.split("\n")}
    return found


def _by_call(change: Change) -> dict[Place, list[Statement]]:
    calls: dict[Place, list[Statement]] = {}
    for statement in change.script.statements:
        calls.setdefault(change.lines.range(statement.span), []).append(statement)
    return calls


def _forms(texts: list[str], call: str) -> Iterator[tuple[list[str], str]]:
    """The call as it is, and as a recipe wants it."""
    yield texts, call
    if len(texts) == 1 and _INDEX.match(texts[0]):
        yield [_INDEX.sub(r"\1 CONCURRENTLY ", texts[0])], _with(call, "postgresql_concurrently=True")
    elif len(texts) == 1 and _ADDED.search(texts[0]) and re.match(r"op\.create_(foreign_key|check_constraint)\(", call):
        yield [f"{texts[0]} NOT VALID"], _with(call, "postgresql_not_valid=True")


def _with(call: str, word: str) -> str:
    head = call.rstrip().removesuffix(")").rstrip().removesuffix(",")
    return f"{head}, {word})"


def _call_at(tree: ast.Module, place: Place) -> ast.Call | None:
    """A call by its lines; columns count letters there and bytes here, and two calls of one line are none."""
    (line, _), (end_line, _) = place
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    found = [node.value for node in calls if (node.lineno, node.end_lineno) == (line, end_line)]
    return found[0] if len(found) == 1 and isinstance(found[0], ast.Call) else None


def _names_of(tree: ast.Module) -> set[str]:
    """What a module's top gives a name to, and what Python itself does."""
    names = set(dir(builtins))
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        else:
            names |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names


def _names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
