"""GRANT and REVOKE, COMMENT ON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, object_name, object_type, qualified, strings

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name
    from zdmigrate.sql.lift.source import Source


RELATIONS = tuple(f"OBJECT_{kind}" for kind in ("TABLE", "VIEW", "MATVIEW", "INDEX", "SEQUENCE", "FOREIGN_TABLE"))
OF_RELATIONS = tuple(f"OBJECT_{kind}" for kind in ("COLUMN", "TABCONSTRAINT", "TRIGGER", "RULE", "POLICY"))


def grant(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """An operation for every object that is named, or one for ALL TABLES IN SCHEMA and its like."""
    operation: type[o.Privileges] = o.Grant if body.get("is_grant") else o.Revoke
    privileges = tuple(node["AccessPriv"].get("priv_name", "all") for node in body.get("privileges", ()))
    said: dict[str, Any] = {
        "span": source.span,
        "object_type": object_type(body["objtype"]),
        "privileges": privileges,
        "grantees": tuple(node["RoleSpec"].get("rolename", "public") for node in body["grantees"]),
    }
    if body.get("targtype") == "ACL_TARGET_ALL_IN_SCHEMA":
        return (operation(**said),)
    named: list[dict[str, Any]] = [{_field(node): object_name(node)} for node in body.get("objects", ())]
    return tuple(operation(**said, **each) for each in named) or (operation(**said),)


def _field(node: Node) -> str:
    return "relation" if "RangeVar" in node else "name"


def grant_role(body: Node, source: Source) -> tuple[o.Operation, ...]:
    operation: type[o.Privileges] = o.Grant if body.get("is_grant") else o.Revoke
    roles = tuple(node["AccessPriv"]["priv_name"] for node in body["granted_roles"])
    return (operation(span=source.span, object_type="role", privileges=roles),)


def comment_on(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind, name = object_type(body["objtype"]), object_name(body["object"])
    return (o.CommentOn(span=source.span, relation=_described(body), object_type=kind, name=name),)


def _described(body: Node) -> Name | None:
    """The relation that a comment is on, itself or with something of it."""
    if body["objtype"] in RELATIONS:
        return object_name(body["object"])
    if body["objtype"] in OF_RELATIONS:
        return qualified(strings(body["object"]["List"]["items"])[:-1])
    return None


STATEMENTS = {
    "GrantStmt": grant,
    "GrantRoleStmt": grant_role,
    "CommentStmt": comment_on,
}
