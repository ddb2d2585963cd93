"""What a partition has by itself: the parent's copy of a column comes without it, so that it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.move import Move
    from zdmigrate.schema.relations import Index, TableColumn


def refuse_what_partitions_have(move: Move) -> None:
    """Raise CannotRewrite for what hangs on a partition's own column: the copy comes from the parent, without it."""
    catalog, on = move.ground.furniture.catalog, move.ground.furniture.on
    for partition in catalog.descendants(move.table.name):
        own = [each for each in on(partition) if move.names.keys() & each.columns and not _is_of_parent(each, move)]
        columns = [column for name, column in catalog.tables[partition].columns.items() if name in move.names]
        differing = [each.name for each in columns if _differs(each, move.table.columns[each.name])]
        for told in (*(each.told for each in own), *(f"NOT NULL or a default of {name}" for name in differing)):
            raise move.ground.refusal(
                f"{told} is the partition {partition}'s own, and {move.table.name} makes no copy of it",
                "drop it in a change of its own first, and make it again after this one's contract; where it is a "
                "part of its parent's, --dsn tells",
            )


def _differs(column: TableColumn, above: TableColumn) -> bool:
    """Whether a partition's column is NOT NULL, or has a default, and its parent's is not so."""
    default, other = (each.default.sql if each.default else "" for each in (column, above))
    return (column.not_null and not above.not_null) or default != other


def _is_of_parent(each: Hanging, move: Move) -> bool:
    """Whether it came with something of the parent's, or is as that is."""
    above = move.ground.furniture.on(move.table.name)
    if each.kind == "index":
        catalog = move.ground.furniture.catalog
        own = catalog.indexes.get(Name(each.table.schema, each.name))
        return any(own is not None and _is_like(own, other) for other in catalog.indexes_of(move.table.name))
    if each.kind in ("constraint", "setting"):
        return any((each.kind, each.name, each.sql) == (other.kind, other.name, other.sql) for other in above)
    return each.kind in ("label", "privilege")


def _is_like(own: Index, other: Index) -> bool:
    """As ATTACH PARTITION sees it, which takes an index that is there for a part of the parent's."""
    return own.changed(name=other.name, table=other.table) == other
