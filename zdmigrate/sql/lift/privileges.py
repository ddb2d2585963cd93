"""GRANT and REVOKE, COMMENT ON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, object_name, object_type, relation

if TYPE_CHECKING:
    from zdmigrate.sql.lift.source import Source


def grant(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """An operation for every relation that is named, or one for other objects and ALL TABLES IN SCHEMA."""
    operation: type[o.Privileges] = o.Grant if body.get("is_grant") else o.Revoke
    privileges = tuple(node["AccessPriv"].get("priv_name", "all") for node in body.get("privileges", ()))
    said: dict[str, Any] = {"span": source.span, "object_type": object_type(body["objtype"]), "privileges": privileges}
    relations = [relation(node["RangeVar"]) for node in body.get("objects", ()) if "RangeVar" in node]
    return tuple(operation(**said, relation=name) for name in relations) or (operation(**said),)


def grant_role(body: Node, source: Source) -> tuple[o.Operation, ...]:
    operation: type[o.Privileges] = o.Grant if body.get("is_grant") else o.Revoke
    roles = tuple(node["AccessPriv"]["priv_name"] for node in body["granted_roles"])
    return (operation(span=source.span, object_type="role", privileges=roles),)


def comment_on(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind = object_type(body["objtype"])
    return (o.CommentOn(span=source.span, object_type=kind, name=object_name(body["object"])),)


STATEMENTS = {
    "GrantStmt": grant,
    "GrantRoleStmt": grant_role,
    "CommentStmt": comment_on,
}
