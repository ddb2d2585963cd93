"""Create a policy: a permissive one shows more rows, in expand; a restrictive one hides some, in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.grammar import parse

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import CreatePolicy

OPERATIONS = ("create_policy",)
MEANWHILE = ("sees more rows by a permissive policy, and no fewer by a restrictive one", "the same")


def recipe(operation: CreatePolicy, ground: Ground) -> Phased:
    assert operation.relation is not None
    table, text = ground.furniture.catalog.resolve(operation.relation), ground.text_of(operation)
    permissive = parse(text)["stmts"][0]["stmt"]["CreatePolicyStmt"].get("permissive", False)
    leaving = (f"policy {operation.name}", table) in ground.names.leaving
    if leaving or not permissive:
        why = "changes" if leaving else "hides rows, and so comes"
        return Phased(
            table=table,
            notes=(f"The policy {operation.name} of {table.name} {why} in contract.",),
            removal=(Said("", text),),
        )
    return Phased(
        table=table,
        notes=(f"The policy {operation.name} of {table.name} lets old versions see more rows, too, from expand on.",),
        expand=(Said("Permissive: no row that was seen before is hidden.", text),),
        revert=(Said("", f"DROP POLICY IF EXISTS {spelled(operation.name)} ON {ground.spelled(table)}"),),
    )
