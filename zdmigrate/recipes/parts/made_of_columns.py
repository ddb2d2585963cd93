"""What a definition says of a column besides its type, and what reads columns through other statements' trees.

Operations leave these out, since no effect depends on them; who copies a column has to know them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.hanging import Hanging
from zdmigrate.schema.constraints import object_name
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import short_name, spelled
from zdmigrate.sql.grammar import parse
from zdmigrate.sql.lift.nodes import relation as qualified
from zdmigrate.sql.lift.nodes import string, strings, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.catalog import Catalog

Node = dict[str, Any]


def of_definitions(relation: Name, text: str, after: Catalog, column: str = "") -> Iterator[Hanging]:
    """COMPRESSION, STORAGE, an identity's options and a partition key, where CREATE or ALTER TABLE says them.

    ``column`` is the only one that is meant; "" for all.
    """
    table = after.resolve(relation)
    for kind, node in walk(parse(text)):
        if kind == "ColumnDef" and node.get("colname") and column in ("", node["colname"]):
            yield from _of_column(table, node)
        elif kind == "AlterTableCmd" and node.get("subtype") == "AT_AddIdentity" and node["name"] == column:
            yield from _identity(table, column, node["def"]["Constraint"])
        elif kind == "CreateStmt" and "partspec" in node:
            yield from _partition_key(table, node["partspec"], after)


def _partition_key(table: Name, node: Node, after: Catalog) -> Iterator[Hanging]:
    """No column of it can go."""
    said = {body.get("name", "") if kind == "PartitionElem" else _last_word(body) for kind, body in walk(node)}
    columns = tuple(column for column in after.tables[table].columns if column in said)
    yield Hanging(kind="partition key", table=table, name=f"of {table}", sql="", columns=columns)


def _last_word(column: Node) -> str:
    return string(column["fields"][-1]) if "fields" in column and _is_word(column) else ""


def _of_column(table: Name, node: Node) -> Iterator[Hanging]:
    name = node["colname"]
    for field, kind in (("compression", "set_compression"), ("storage_name", "set_storage")):
        if field in node:
            said = f"ALTER COLUMN {spelled(name)} {kind.upper().replace('_', ' ')} {node[field].upper()}"
            yield Hanging(kind="setting", table=table, name="", sql=said, columns=(name,), type=kind)
    for each in node.get("constraints", ()):
        if each["Constraint"]["contype"] == "CONSTR_IDENTITY":
            yield from _identity(table, name, each["Constraint"])


_WORDS = {"start": "START WITH", "increment": "INCREMENT BY", "minvalue": "MINVALUE", "maxvalue": "MAXVALUE"}


def _identity(table: Name, column: str, node: Node) -> Iterator[Hanging]:
    """START, INCREMENT and the like; without them there is nothing to carry."""
    named, said = object_name(table.name, column, "seq"), []
    for option in (each["DefElem"] for each in node.get("options", ())):
        name, value = option["defname"], option.get("arg")
        if name == "sequence_name":
            named = strings(value["List"]["items"])[-1]
        elif name == "cycle":
            said += ["CYCLE"] if value["Boolean"].get("boolval") else ["NO CYCLE"]
        else:
            word = _WORDS.get(name, name.upper())
            said.append(f"NO {word}" if value is None else f"{word} {_number(value)}")
    if node.get("options"):
        yield Hanging(kind="identity", table=table, name=named, sql=" ".join(said), columns=(column,))


def _number(node: Node) -> str:
    [(kind, body)] = node.items()
    return str(body.get("fval" if kind == "Float" else "ival", 0))


def owned(text: str, after: Catalog) -> Iterator[Hanging]:
    """The column that a sequence belongs to, by OWNED BY."""
    [body] = parse(text)["stmts"][0]["stmt"].values()
    for option in (each["DefElem"] for each in body.get("options", ())):
        words = strings(option["arg"]["List"]["items"]) if option["defname"] == "owned_by" else ()
        if len(words) > 1:  # NONE is one
            owner = after.resolve(Name(words[-3] if len(words) > 2 else None, words[-2]))
            name = f"sequence {short_name(after.resolve(qualified(body['sequence'])), after)}"
            yield Hanging(kind="owned", table=owner, name=name, sql="", columns=(words[-1],))


def read_elsewhere(text: str, told: str, own: Name | None, after: Catalog) -> Iterator[Hanging]:
    """The columns of other tables that a policy, or the body of a function in SQL, names: they depend on them."""
    tree = parse(text)
    words = {_last_word(node) for kind, node in walk(tree) if kind == "ColumnRef"}
    for kind, node in walk(tree):
        name = after.resolve(Name(node.get("schemaname"), node["relname"])) if kind == "RangeVar" else None
        table = after.tables.get(name) if name is not None and name != own else None
        columns = tuple(column for column in table.columns if column in words) if table else ()
        if table is not None and columns:
            yield Hanging(kind="other", table=table.name, name=told, sql="", columns=columns, statement=text)


def _is_word(column: Node) -> bool:
    return "String" in column["fields"][-1]
