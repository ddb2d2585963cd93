"""What a contract takes away from the versions that run: a column, a relation, a function, a value of an enum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema.spelling import short_name, spelled, spelled_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.walk import Analysed

# A file without markers runs whole: what it drops, it drops at once.
_SECTIONS = ("contract", "")
_CALLED_BY_APPS = ("function", "procedure", "routine", "aggregate", "type", "domain")


class Loss(NamedTuple):
    """``kind`` is column, relation, object or value; ``relations`` are those that a file must name to mean it."""

    kind: str
    name: str
    relations: tuple[Name, ...]
    shown: str  # users.name
    beside: tuple[str, ...] = ()  # of a value: its type, and the columns of that type
    is_common: bool = False  # code may well mean something else of that name
    is_dropped: bool = False  # and not renamed: an INSERT without a list of columns has one value too many


def losses(analysed: Sequence[Analysed], before: Catalog) -> Iterator[tuple[Analysed, Loss]]:
    """What old versions no longer find once the change is over; ``before`` is the schema that they know."""
    onward = [found for found in analysed if found.section != "revert"]
    for found in onward:
        told = _LOSSES.get(found.operation.kind)
        is_noticed = found.facts["breaks_old"] and not found.facts["name_is_kept"]
        if told is not None and is_noticed and found.section in _SECTIONS:
            loss = told(found.operation, before)
            if loss is not None and not _is_there(loss, onward[-1].catalog):
                yield found, loss


def _is_there(loss: Loss, catalog: Catalog) -> bool:
    """Whether the change ends with something of that name: another column that was renamed to it."""
    if loss.kind == "column":
        return catalog.column(loss.relations[0], loss.name) is not None
    return loss.kind == "relation" and catalog.has(loss.relations[0])


def _column(operation: Any, before: Catalog) -> Loss:
    table = before.resolve(operation.relation)
    others = (other for name, other in before.tables.items() if name != table)
    is_common = "_" not in operation.column or any(operation.column in other.columns for other in others)
    shown = f"{short_name(table, before)}.{spelled(operation.column)}"
    is_dropped = operation.kind == "drop_column"
    return Loss("column", operation.column, (table,), shown, is_common=is_common, is_dropped=is_dropped)


def _relation(operation: Any, before: Catalog) -> Loss:
    name = before.resolve(operation.relation)
    return Loss("relation", name.name, (name,), short_name(name, before), is_common="_" not in name.name)


def _sequence(operation: Any, _: Catalog) -> Loss:
    return Loss("object", operation.relation.name, (), spelled_name(operation.relation))


def _object(operation: Any, _: Catalog) -> Loss | None:
    if operation.object_type not in _CALLED_BY_APPS:
        return None
    return Loss("object", operation.name.name, (), spelled_name(operation.name))


def _value(operation: Any, before: Catalog) -> Loss:
    """The tables with a column of that type are what code names beside the value."""
    of_type = [
        (name, column.name)
        for name, table in before.tables.items()
        for column in table.columns.values()
        if column.type is not None and column.type.name == operation.type.name
    ]
    relations = tuple(dict.fromkeys(name for name, _ in of_type))
    beside = (operation.type.name, *dict.fromkeys(column for _, column in of_type))
    return Loss("value", operation.value, relations, f"'{operation.value}' of {spelled_name(operation.type)}", beside)


_LOSSES: dict[str, Callable[[Any, Catalog], Loss | None]] = {
    **dict.fromkeys(("drop_column", "rename_column"), _column),
    **dict.fromkeys(("drop_table", "drop_view", "drop_materialized_view", "drop_foreign_table"), _relation),
    **dict.fromkeys(("rename_table", "rename_view", "set_schema"), _relation),
    **dict.fromkeys(("drop_sequence", "rename_sequence"), _sequence),
    **dict.fromkeys(("drop_object", "rename_object", "move_object"), _object),
    "rename_enum_value": _value,
}
