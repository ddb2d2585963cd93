"""RENAME and SET SCHEMA of everything that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql.lift.alter_table import carried_by
from zdmigrate.sql.lift.nodes import Node, cascades, object_name, object_type, place_of

if TYPE_CHECKING:
    from zdmigrate.sql.lift.source import Source

RELATIONS: dict[str, type[o.RenameRelation]] = {
    "OBJECT_TABLE": o.RenameTable,
    "OBJECT_FOREIGN_TABLE": o.RenameTable,
    "OBJECT_VIEW": o.RenameView,
    "OBJECT_MATVIEW": o.RenameView,
    "OBJECT_INDEX": o.RenameIndex,
    "OBJECT_SEQUENCE": o.RenameSequence,
}
# ALTER TRIGGER a ON t RENAME TO b: the new name stands after the table's, and the old one before
BEFORE_TABLE = ("OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE")


def rename(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind, new_name = body["renameType"], body["newname"]
    if kind in RELATIONS:
        return (RELATIONS[kind](**_carried(body, source), new_name=new_name),)
    if kind == "OBJECT_COLUMN":
        return (o.RenameColumn(**_carried(body, source), column=body["subname"], new_name=new_name),)
    if kind == "OBJECT_TABCONSTRAINT":
        return (o.RenameConstraint(**_carried(body, source), name=body["subname"], new_name=new_name),)
    place: dict[str, Any] = {"span": source.span, "if_exists": body.get("missing_ok", False), "cascade": cascades(body)}
    if kind in BEFORE_TABLE:
        place["relation"] = carried_by(body, source.span)["relation"]
    return (o.RenameObject(**place, object_type=object_type(kind), name=_name(body), new_name=new_name),)


def _carried(body: Node, source: Source) -> dict[str, Any]:
    """The span is the action's: RENAME COLUMN a TO b."""
    return carried_by(body, source.actions(place_of(body["relation"]), 1)[0])


def _name(body: Node) -> Name:
    """A domain's constraint and a type's attribute go by their own names; what is in ``object`` is the owner."""
    if "subname" in body:
        return Name(None, body["subname"])
    return object_name(body["object"])


def set_schema(body: Node, source: Source) -> tuple[o.Operation, ...]:
    schema = body["newschema"]
    if "relation" in body:
        return (o.SetSchema(**_carried(body, source), name=schema),)
    kind = object_type(body["objectType"])
    return (o.MoveObject(span=source.span, object_type=kind, name=object_name(body["object"]), new_name=schema),)


STATEMENTS = {
    "RenameStmt": rename,
    "AlterObjectSchemaStmt": set_schema,
}
