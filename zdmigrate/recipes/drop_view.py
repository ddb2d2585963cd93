"""Drop a view: in contract, when no live version reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DropRelation

OPERATIONS = ("drop_view", "drop_materialized_view")
MEANWHILE = ("reads the view", "does not use the view")


def recipe(operation: DropRelation, ground: Ground) -> Phased:
    if operation.cascade:
        raise ground.refusal("CASCADE drops what nobody has named", "drop what hangs on it by name, in the same file")
    assert operation.relation is not None
    name = ground.furniture.catalog.resolve(operation.relation)
    ground.names.leaving["view", name] = ""
    kind = "VIEW" if operation.kind == "drop_view" else "MATERIALIZED VIEW"
    there = "IF EXISTS " if operation.if_exists else ""
    return Phased(
        notes=(f"The view {name.name} goes: the new version does not read it, contract drops it.",),
        contract=(Said("", f"DROP {kind} {there}{ground.spelled(name)}"),),
    )
