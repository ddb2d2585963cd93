"""Reading libpg_query's JSON: a node is ``{"Kind": {fields}}``, a field with its zero value is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]

# what the manual calls the object types that the grammar shortens
OBJECT_TYPES = {
    "domconstraint": "domain_constraint",
    "fdw": "foreign_data_wrapper",
    "largeobject": "large_object",
    "matview": "materialized_view",
    "opclass": "operator_class",
    "opfamily": "operator_family",
    "parameter_acl": "parameter",
    "statistic_ext": "statistics",
    "tabconstraint": "constraint",
    "tsconfiguration": "text_search_configuration",
    "tsdictionary": "text_search_dictionary",
    "tsparser": "text_search_parser",
    "tstemplate": "text_search_template",
}


def kind_of(node: Node) -> str:
    """``RangeVar`` of ``{"RangeVar": …}``."""
    return next(iter(node))


def body_of(node: Node) -> Node:
    """The fields of ``{"RangeVar": {fields}}``."""
    body: Node = next(iter(node.values()))
    return body


def place_of(body: Node) -> int:
    """A node's location; the first byte of a statement is a zero, and so left out."""
    location: int = body.get("location", 0)
    return location


def string(node: Node) -> str:
    """The text of a String node; a String that is empty has no field."""
    text: str = node["String"].get("sval", "")
    return text


def strings(nodes: list[Node] | None) -> tuple[str, ...]:
    return tuple([node["String"].get("sval", "") for node in nodes or ()])


def relation(range_var: Node) -> Name:
    """A relation's name; the database that may stand before its schema can only be this one."""
    return Name(range_var.get("schemaname"), range_var["relname"])


def relations(nodes: list[Node]) -> tuple[Name, ...]:
    return tuple(relation(node["RangeVar"]) for node in nodes)


def qualified(parts: tuple[str, ...]) -> Name:
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


def object_type(field: str) -> str:
    """``materialized_view`` for ``OBJECT_MATVIEW``."""
    word = field.removeprefix("OBJECT_").lower()
    return OBJECT_TYPES.get(word, word)


def object_name(node: Node) -> Name:
    """The name in any of the shapes in which DROP, COMMENT ON and ALTER … OWNER hold one."""
    kind, body = kind_of(node), body_of(node)
    if kind == "String":
        return Name(None, body.get("sval", ""))
    if kind == "List":
        texts = strings([item for item in body["items"] if kind_of(item) == "String"])
        # a cast, an operator class and their like are named by what they are made of
        return qualified(texts) if texts else Name(None, " ".join(object_name(item).name for item in body["items"]))
    if kind == "TypeName":
        return qualified(strings(body["names"]))
    if kind == "ObjectWithArgs":
        return qualified(strings(body["objname"]))
    if kind == "RangeVar":
        return relation(body)
    if kind in ("Integer", "Float"):  # a large object
        return Name(None, str(body.get("ival", body.get("fval", 0))))
    raise KeyError(kind)


def options(body: Node, field: str = "options") -> dict[str, Node | None]:
    """The arguments of a list of DefElem, by name."""
    return {element["DefElem"]["defname"]: element["DefElem"].get("arg") for element in body.get(field, ())}


def is_on(body: Node, option: str, field: str = "options") -> bool:
    """Whether an option that is a yes or no is given and not turned off: FULL, FULL on, FULL 1."""
    found = options(body, field)
    if option not in found:
        return False
    value = found[option]
    if value is None:
        return True
    if "Integer" in value:
        return bool(value["Integer"].get("ival", 0))
    return str(next(iter(body_of(value).values()), "")).lower() not in ("off", "false", "0", "no")


def cascades(body: Node) -> bool:
    return body.get("behavior") == "DROP_CASCADE"


def walk(root: object) -> Iterator[tuple[str, Node]]:
    """Every node below ``root`` with its kind. Not recursive: a tree may be deeper than Python's stack."""
    pending = [root]
    while pending:
        here = pending.pop()
        if isinstance(here, list):
            pending += reversed(here)
        elif isinstance(here, dict):
            for key, value in here.items():
                if isinstance(value, dict) and key[0].isupper():
                    yield key, value
            pending += [value for value in reversed(here.values()) if isinstance(value, (dict, list))]
