"""The statements that made functions, views, enums and domains: they may have to be made again, or copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema import operations as ops
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled_name
from zdmigrate.schema.type_names import BUILT_IN
from zdmigrate.sql.grammar import parse
from zdmigrate.sql.lift.nodes import string, strings, walk
from zdmigrate.sql.lift.types import LONG_NAMES
from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog

    Node = dict[str, Any]


_FUNCTIONS = ("function", "procedure", "routine")


class Thing(NamedTuple):
    """What was made: its kind, its name, and of a function the types of what a call gives it."""

    kind: str  # function | view | type | domain
    name: Name
    arguments: tuple[str, ...] = ()


class Texts(Value):
    """``made`` has, for each thing, the statement that made it, and behind it those that granted and commented it."""

    made: dict[Thing, tuple[str, ...]] = {}  # noqa: RUF012 - a Value's defaults are never changed

    def of(self, thing: Thing) -> tuple[str, ...]:
        return self.made.get(thing, ())

    def functions(self, name: Name) -> dict[Thing, tuple[str, ...]]:
        """All functions of a name, whatever they are called with."""
        return {thing: text for thing, text in self.made.items() if (thing.kind, thing.name) == ("function", name)}

    def after(self, operation: ops.Operation, statement: str, catalog: Catalog) -> Texts:
        """The texts once an operation has run on a catalog."""
        match operation:
            case ops.CreateFunction(name=name):
                return self._with(Thing("function", catalog.new_name(name), signature(statement).given), statement)
            case ops.CreateView(relation=Name() as name, kind="create_view", temporary=False):
                return self._with(Thing("view", catalog.new_name(name)), statement)
            case ops.CreateEnum(name=name):
                return self._with(Thing("type", catalog.new_name(name)), statement)
            case ops.CreateDomain(name=name):
                return self._with(Thing("domain", catalog.new_name(name)), statement)
            case ops.AlterDomain(domain=name) | ops.AlterObject(object_type="domain", name=name):
                return self._also(Thing("domain", catalog.new_name(name)), statement)
            case ops.AddEnumValue(type=name):
                return self._also(Thing("type", catalog.new_name(name)), statement)
            case ops.Grant(relation=Name() as name) | ops.Revoke(relation=Name() as name):
                return self._also(Thing("view", catalog.resolve(name)), statement)
            case ops.Privileges(name=Name() as name) | ops.CommentOn(name=name) | ops.AlterObject(name=name):
                return self._also_of_function(operation, catalog.new_name(name), statement)
            case ops.DropView(relation=Name() as name) | ops.RenameView(relation=Name() as name):
                return self._without("view", catalog.resolve(name))
            case ops.DropObject(name=name) | ops.RenameObject(name=name):
                return self._without_object(operation, catalog.new_name(name), statement)
        return self

    def _with(self, thing: Thing, statement: str) -> Texts:
        """OR REPLACE keeps rights and comments."""
        return self.changed(made={**self.made, thing: (statement, *self.of(thing)[1:])})

    def _also(self, thing: Thing, statement: str) -> Texts:
        known = self.of(thing)
        return self.changed(made={**self.made, thing: (*known, statement)}) if known else self

    def _also_of_function(self, operation: Any, name: Name, statement: str) -> Texts:
        """Who may call it, whose it is, what is said of it: one statement may name several functions."""
        if operation.object_type not in _FUNCTIONS:
            return self
        arguments = named_arguments(statement, operation.name)
        known = [thing for thing in self.functions(name) if arguments in (None, thing.arguments)]
        return self.changed(made={**self.made, **{thing: (*self.of(thing), statement) for thing in known}})

    def _without(self, kind: str, name: Name, arguments: tuple[str, ...] | None = None) -> Texts:
        kept = {
            thing: text
            for thing, text in self.made.items()
            if (thing.kind, thing.name) != (kind, name) or arguments not in (None, thing.arguments)
        }
        return self.changed(made=kept)

    def _without_object(self, operation: ops.ObjectAction, name: Name, statement: str) -> Texts:
        if operation.object_type in _FUNCTIONS:
            return self._without("function", name, named_arguments(statement, operation.name))
        if operation.object_type in ("type", "domain"):  # DROP TYPE takes a domain, too
            return self._without("type", name)._without("domain", name)
        return self


# --------------------------------------------------------------------------- functions


class Signature(NamedTuple):
    """What a call may give: the types in order, and how many of them it may leave out."""

    given: tuple[str, ...]
    optional: int = 0
    variadic: bool = False
    returns: str = ""

    def may_be_called_like(self, other: Signature) -> bool:
        """Whether one number of arguments fits both: then calls of one may be ambiguous, or go to the other.

        PostgreSQL has rules that choose, but not for literals and parameters without a type, nor where both need a
        cast: f(1) beside f(bigint) and f(bigint, text DEFAULT '') is refused (measured on 14 and 18).
        """
        own, others = len(self.given) - self.optional, len(other.given) - other.optional
        last = len(self.given) if not self.variadic else max(own, others)
        others_last = len(other.given) if not other.variadic else max(own, others)
        return max(own, others) <= min(last, others_last)


def signature(statement: str) -> Signature:
    """The signature in a CREATE FUNCTION."""
    body = parse(statement)["stmts"][0]["stmt"]["CreateFunctionStmt"]
    parameters = [each["FunctionParameter"] for each in body.get("parameters", ())]
    given = [each for each in parameters if each["mode"] not in ("FUNC_PARAM_OUT", "FUNC_PARAM_TABLE")]
    returned = [each for each in parameters if each not in given or each["mode"] == "FUNC_PARAM_INOUT"]
    returns = [*([body["returnType"]] if "returnType" in body else []), *(each["argType"] for each in returned)]
    return Signature(
        given=tuple(_type(each["argType"]) for each in given),
        optional=sum("defexpr" in each for each in given),
        variadic=any(each["mode"] == "FUNC_PARAM_VARIADIC" for each in given),
        returns=", ".join(map(_type, returns)) + (" of many" if body.get("returnType", {}).get("setof") else ""),
    )


def named_arguments(statement: str, name: Name) -> tuple[str, ...] | None:
    """The types behind a function's name in DROP, ALTER or COMMENT; None where none are written."""
    for kind, each in walk(parse(statement)):
        if kind == "ObjectWithArgs" and strings(each["objname"])[-1] == name.name:
            given = [argument.get("TypeName", argument) for argument in each.get("objargs", ())]
            return None if each.get("args_unspecified") else tuple(map(_type, given))
    return None


def _type(node: Node) -> str:
    """A type as SQL: PostgreSQL's own by its long name, others as they have to be spelled."""
    *schemas, name = strings(node["names"])
    own = schemas == ["pg_catalog"] or (not schemas and LONG_NAMES.get(name, name) in BUILT_IN)
    word = LONG_NAMES.get(name, name) if own else spelled_name(Name(schemas[-1] if schemas else None, name))
    return word + "[]" * len(node.get("arrayBounds", ()))


# --------------------------------------------------------------------------- enums


def labels(texts: tuple[str, ...]) -> list[str]:
    """The values of an enum in order, from the statement that made it and those that changed it."""
    found: list[str] = []
    for text in texts:
        [(kind, body)] = parse(text)["stmts"][0]["stmt"].items()
        if kind == "CreateEnumStmt":
            found = [string(each) for each in body.get("vals", ())]
        elif "oldVal" in body:
            found[found.index(body["oldVal"])] = body["newVal"]
        elif body["newVal"] not in found:
            beside = body.get("newValNeighbor")
            place = len(found) if beside is None else found.index(beside) + bool(body.get("newValIsAfter"))
            found.insert(place, body["newVal"])
    return found
