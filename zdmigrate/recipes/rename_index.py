"""Rename an index: in expand, for no query names it; where its constraint goes along, in contract.

The lock is on the index alone, and stops no reader or writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import RenameIndex

OPERATIONS = ("rename_index",)


def recipe(operation: RenameIndex, ground: Ground) -> Phased:
    assert operation.relation is not None
    catalog = ground.furniture.catalog
    old, new = catalog.resolve(operation.relation), operation.new_name
    index = catalog.indexes.get(old)
    there = "IF EXISTS " if operation.if_exists else ""
    rename = Said("No query names an index.", f"ALTER INDEX {there}{ground.spelled(old)} RENAME TO {spelled(new)}")
    if index is not None and index.constraint is not None:
        return Phased(
            notes=(
                f"{old.name} is a constraint as well: its name changes in contract, when nobody names it any more.",
                "ON CONFLICT with the columns works before and after; ON CONFLICT ON CONSTRAINT does not.",
            ),
            contract=(rename,),
        )
    if ("index", Name(old.schema, new)) in ground.names.leaving or Name(old.schema, old.name) in ground.names.late:
        return Phased(table=index.table if index else None, contract=(rename,))
    back = f"ALTER INDEX IF EXISTS {ground.beside(old, new)} RENAME TO {spelled(old.name)}"
    return Phased(filled=(rename,), revert=(Said("", back),))
