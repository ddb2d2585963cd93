"""Functions, procedures, DO and CALL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, body_of, options, qualified, string, strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.sql.lift.source import Source


def create_function(body: Node, source: Source) -> tuple[o.Operation, ...]:
    given = options(body)
    language = _text(given.get("language")) or "sql"
    return (
        o.CreateFunction(
            span=source.span,
            name=qualified(strings(body["funcname"])),
            language=language.lower(),
            replace=body.get("replace", False),
            procedure=body.get("is_procedure", False),
            returns_trigger=strings(body.get("returnType", {}).get("names"))[-1:] == ("trigger",),
            volatility=_text(given.get("volatility")) or "volatile",
            body=_body(given.get("as"), language.lower()),
            arguments=tuple(_arguments(body.get("parameters", ()))),
        ),
    )


def _arguments(parameters: Iterable[Node]) -> Iterator[str]:
    for node in parameters:
        parameter = node["FunctionParameter"]
        if parameter["mode"] not in ("FUNC_PARAM_OUT", "FUNC_PARAM_TABLE"):
            yield strings(parameter["argType"]["names"])[-1] + "[]" * len(parameter["argType"].get("arrayBounds", ()))


def _text(node: Node | None) -> str | None:
    return None if node is None else string(node)


def _body(node: Node | None, language: str) -> str | None:
    """The body's text; a C or internal function has a symbol there, and a BEGIN ATOMIC body is no text."""
    if node is None or language in ("c", "internal"):
        return None
    return "".join(strings(body_of(node)["items"]))


def do(body: Node, source: Source) -> tuple[o.Operation, ...]:
    given = options(body, "args")
    text = _text(given["as"]) or ""
    return (o.Do(span=source.span, language=(_text(given.get("language")) or "plpgsql").lower(), body=text),)


def call(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (o.Call(span=source.span, procedure=qualified(strings(body["funccall"]["funcname"]))),)


STATEMENTS = {
    "CreateFunctionStmt": create_function,
    "DoStmt": do,
    "CallStmt": call,
}
