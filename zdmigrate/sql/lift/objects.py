"""Objects that are no relations, and sequences: created, changed and dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql.lift.nodes import Node, cascades, object_name, object_type, qualified, relation, strings
from zdmigrate.sql.lift.source import Source

Lift = Callable[[Node, Source], tuple[o.Operation, ...]]


def _said(body: Node, source: Source, kind: str, name: Name) -> dict[str, Any]:
    return {
        "span": source.span,
        "object_type": kind,
        "name": name,
        "if_exists": body.get("missing_ok", False),
        "if_not_exists": body.get("if_not_exists", False),
        "replace": body.get("replace", False),
        "cascade": cascades(body),
    }


def _plain(operation: type[o.ObjectAction], kind: str, field: str) -> Lift:
    """For statements whose object's name is a plain text in a field."""

    def lift(body: Node, source: Source) -> tuple[o.Operation, ...]:
        return (operation(**_said(body, source, kind, Name(None, body[field]))),)

    return lift


def _listed(operation: type[o.ObjectAction], kind: str, field: str) -> Lift:
    """For statements whose object's name is a list of its parts."""

    def lift(body: Node, source: Source) -> tuple[o.Operation, ...]:
        return (operation(**_said(body, source, kind, qualified(strings(body[field])))),)

    return lift


def define(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """CREATE AGGREGATE, OPERATOR, TYPE, COLLATION and TEXT SEARCH …: one statement in the grammar."""
    kind = object_type(body["kind"])
    return (o.CreateObject(**_said(body, source, kind, qualified(strings(body["defnames"])))),)


def create_composite_type(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (o.CreateComposite(**_said(body, source, "type", relation(body["typevar"]))),)


def create_sequence(body: Node, source: Source) -> tuple[o.Operation, ...]:
    name = relation(body["sequence"])
    return (o.CreateObject(**_said(body, source, "sequence", name), relation=name),)


def alter_sequence(body: Node, source: Source) -> tuple[o.Operation, ...]:
    name = relation(body["sequence"])
    return (o.AlterObject(**_said(body, source, "sequence", name), relation=name),)


def alter_enum(body: Node, source: Source) -> tuple[o.Operation, ...]:
    name = qualified(strings(body["typeName"]))
    if "oldVal" in body:
        renamed = o.RenameEnumValue(span=source.span, type=name, value=body["oldVal"], new_value=body["newVal"])
        return (renamed,)
    skip, placed = body.get("skipIfNewValExists", False), "newValNeighbor" in body
    return (
        o.AddEnumValue(span=source.span, type=name, value=body.get("newVal", ""), if_not_exists=skip, placed=placed),
    )


def alter_function(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind, name = object_type(body["objtype"]), qualified(strings(body["func"]["objname"]))
    return (o.AlterObject(**_said(body, source, kind, name)),)


def change_owner(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind = object_type(body["objectType"])
    return (o.AlterObject(**_said(body, source, kind, object_name(body["object"]))),)


def alter_operator(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (o.AlterObject(**_said(body, source, "operator", qualified(strings(body["opername"]["objname"])))),)


def alter_default_privileges(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (o.AlterObject(**_said(body, source, "default_privileges", Name(None, ""))),)


def create_cast(body: Node, source: Source) -> tuple[o.Operation, ...]:
    name = " as ".join(strings(body[field]["names"])[-1] for field in ("sourcetype", "targettype"))
    return (o.CreateObject(**_said(body, source, "cast", Name(None, name))),)


def create_transform(body: Node, source: Source) -> tuple[o.Operation, ...]:
    name = f"for {strings(body['type_name']['names'])[-1]} language {body['lang']}"
    return (o.CreateObject(**_said(body, source, "transform", Name(None, name))),)


def user_mapping(operation: type[o.ObjectAction]) -> Lift:
    def lift(body: Node, source: Source) -> tuple[o.Operation, ...]:
        name = f"for {body['user'].get('rolename', 'current_user')} server {body['servername']}"
        return (operation(**_said(body, source, "user_mapping", Name(None, name))),)

    return lift


def drop_role(body: Node, source: Source) -> tuple[o.Operation, ...]:
    names = [node["RoleSpec"].get("rolename", "") for node in body["roles"]]
    return tuple(o.DropObject(**_said(body, source, "role", Name(None, name))) for name in names)


def alter_role(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """Rights and settings of a role, and who is in it; sessions that are open keep their settings."""
    name = body.get("role", {}).get("rolename", "all")
    return (o.AlterObject(**_said(body, source, "role", Name(None, name))),)


STATEMENTS: dict[str, Lift] = {
    "DefineStmt": define,
    "CompositeTypeStmt": create_composite_type,
    "CreateEnumStmt": _listed(o.CreateEnum, "type", "typeName"),
    "CreateRangeStmt": _listed(o.CreateObject, "type", "typeName"),
    "CreateConversionStmt": _listed(o.CreateObject, "conversion", "conversion_name"),
    "CreateOpClassStmt": _listed(o.CreateObject, "operator_class", "opclassname"),
    "CreateOpFamilyStmt": _listed(o.CreateObject, "operator_family", "opfamilyname"),
    "CreateCastStmt": create_cast,
    "CreateTransformStmt": create_transform,
    "CreateExtensionStmt": _plain(o.CreateObject, "extension", "extname"),
    "CreatePLangStmt": _plain(o.CreateObject, "language", "plname"),
    "CreateAmStmt": _plain(o.CreateObject, "access_method", "amname"),
    "CreateFdwStmt": _plain(o.CreateObject, "foreign_data_wrapper", "fdwname"),
    "CreateForeignServerStmt": _plain(o.CreateObject, "foreign_server", "servername"),
    "CreateUserMappingStmt": user_mapping(o.CreateObject),
    "AlterRoleStmt": alter_role,
    "AlterRoleSetStmt": alter_role,
    "CreateRoleStmt": _plain(o.CreateObject, "role", "role"),
    "CreateSeqStmt": create_sequence,
    "AlterSeqStmt": alter_sequence,
    "AlterEnumStmt": alter_enum,
    "AlterFunctionStmt": alter_function,
    "AlterOwnerStmt": change_owner,
    "AlterOperatorStmt": alter_operator,
    "AlterOpFamilyStmt": _listed(o.AlterObject, "operator_family", "opfamilyname"),
    "AlterTypeStmt": _listed(o.AlterObject, "type", "typeName"),
    "AlterCollationStmt": _listed(o.AlterObject, "collation", "collname"),
    "AlterTSDictionaryStmt": _listed(o.AlterObject, "text_search_dictionary", "dictname"),
    "AlterStatsStmt": _listed(o.AlterObject, "statistics", "defnames"),
    "AlterFdwStmt": _plain(o.AlterObject, "foreign_data_wrapper", "fdwname"),
    "AlterForeignServerStmt": _plain(o.AlterObject, "foreign_server", "servername"),
    "AlterUserMappingStmt": user_mapping(o.AlterObject),
    "AlterDefaultPrivilegesStmt": alter_default_privileges,
    "DropRoleStmt": drop_role,
    "DropUserMappingStmt": user_mapping(o.DropObject),
}
