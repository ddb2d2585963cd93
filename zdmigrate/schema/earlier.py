"""What earlier statements of a change have done to what was there before: altered, dropped, given a new value.

What they made is in state.py; this is what makes a later statement fail, come too late, or come twice.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema.names import Name
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog


class DroppedIndex(NamedTuple):
    """``table`` and ``column``, its first, are None and "" where history never made it."""

    name: Name
    table: Name | None
    column: str
    just_now: bool  # in the transaction that is open


class Earlier(Value):
    """The change's statements so far. ``has_run_alone``: one of them refuses a transaction."""

    altered: frozenset[Name] = frozenset()
    altered_now: frozenset[Name] = frozenset()  # by the statement whose clauses these are
    dropped: tuple[DroppedIndex, ...] = ()
    enum_values: frozenset[tuple[str, str]] = frozenset()  # type and value, of the open transaction
    has_changed: bool = False
    has_run_alone: bool = False

    def after(self, operation: ops.Operation, catalog: Catalog, *, in_transaction: bool, alone: bool) -> Earlier:
        """With one operation more; ``catalog`` is the one before it, ``alone`` says that it refuses a transaction."""
        noted = _NOTED.get(operation.kind)
        earlier = self if noted is None else noted(self, operation, catalog, in_transaction)
        if not changes_schema(operation.kind) or (earlier.has_changed and (earlier.has_run_alone or not alone)):
            return earlier
        return earlier.changed(has_changed=True, has_run_alone=earlier.has_run_alone or alone)

    def rested(self) -> Earlier:
        """Once the statement is done."""
        if not self.altered_now:
            return self
        return self.changed(altered=self.altered | self.altered_now, altered_now=frozenset())

    def committed(self) -> Earlier:
        """Once the open transaction has ended well: what it dropped is gone for everybody, its values may be used."""
        if not (self.dropped or self.enum_values):
            return self
        dropped = tuple(found._replace(just_now=False) for found in self.dropped)
        return self.changed(dropped=dropped, enum_values=frozenset())


_VERBS = ("add", "alter", "attach", "create", "detach", "drop", "reindex", "rename", "set", "validate")


@cache  # by the few kinds that there are
def changes_schema(kind: str) -> bool:
    """Whether the operation leaves something behind that a second run of its file would meet."""
    return kind.split("_")[0] in _VERBS and kind != "set_variable"


# --------------------------------------------------------------------------- what some operations leave


def _altered(earlier: Earlier, operation: ops.AlterTable, catalog: Catalog, in_transaction: bool) -> Earlier:
    table = catalog.resolve(operation.relation or Name(None, ""))
    return earlier if table in earlier.altered else earlier.changed(altered_now=earlier.altered_now | {table})


def _dropped(earlier: Earlier, operation: ops.DropIndex, catalog: Catalog, in_transaction: bool) -> Earlier:
    name = catalog.resolve(operation.relation or Name(None, ""))
    index = catalog.indexes.get(name)
    table, columns = (None, ()) if index is None else (index.table, index.columns)
    gone = DroppedIndex(name, table, columns[0] if columns else "", in_transaction)
    return earlier.changed(dropped=(*earlier.dropped, gone))


def _added_value(earlier: Earlier, operation: ops.AddEnumValue, catalog: Catalog, in_transaction: bool) -> Earlier:
    if not in_transaction:
        return earlier
    return earlier.changed(enum_values=earlier.enum_values | {(str(operation.type), operation.value)})


# The actions of ALTER TABLE that could stand in one statement, between commas.
_ACTIONS = (
    "add_column drop_column set_not_null drop_not_null set_default drop_default alter_column_type add_identity "
    "set_identity drop_identity set_expression drop_expression set_statistics set_storage set_compression add_check "
    "add_not_null add_unique add_primary_key add_foreign_key add_exclusion drop_constraint alter_constraint "
    "change_owner set_table_options set_replica_identity set_row_security"
)
_NOTED: dict[str, Callable[[Earlier, Any, Catalog, bool], Earlier]] = {
    **dict.fromkeys(_ACTIONS.split(), _altered),
    "drop_index": _dropped,
    "add_enum_value": _added_value,
}
COMBINED = frozenset(_ACTIONS.split())
