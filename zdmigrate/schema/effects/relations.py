"""The effects of making and dropping tables, views, triggers and what else hangs on a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.claim import NONE, Effects, Locks, Situation, locked, strongest
from zdmigrate.schema.effects.foreign_keys import neighbours, references_locked
from zdmigrate.schema.effects.tables import default_partitions
from zdmigrate.schema.effects.views import views_upon
from zdmigrate.schema.lock_modes import LockMode
from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.relations import Table


# --------------------------------------------------------------------------- tables


def _create_table(operation: ops.CreateTable, at: Situation) -> Effects:
    temporary = operation.persistence == "temporary"
    name = at.catalog.new_name(operation.relation or Name(None, ""), temporary=temporary)
    if operation.if_not_exists and name in at.catalog.tables:
        return NONE
    written = (*operation.constraints, *(c for column in operation.columns for c in column.constraints))
    locks = strongest(
        _parents_locked(operation, name, at),
        locked(LockMode.ACCESS_SHARE, map(at.catalog.resolve, operation.like)),
        *(references_locked(constraint, at) for constraint in written),
    )
    return Effects(locks={other: mode for other, mode in locks.items() if other != name}, creates=(name,))


def _parents_locked(operation: ops.CreateTable, name: Name, at: Situation) -> Locks:
    inherited = locked(LockMode.SHARE_UPDATE_EXCLUSIVE, map(at.catalog.resolve, operation.inherits))
    if operation.partition_of is None:
        return inherited
    parent = at.catalog.resolve(operation.partition_of)
    return locked(LockMode.ACCESS_EXCLUSIVE, (parent, *default_partitions(parent, at, apart_from=name)))


def _drop_table(operation: ops.DropTable, at: Situation) -> Effects:
    if at.makes_way(operation):
        return Effects()
    tables = at.below(at.name(operation))
    touched = [name for table in tables for name in (table, *neighbours(table, at))]
    if operation.cascade:
        touched += [other.name for table in tables for other, _ in at.catalog.references_to(table)]
        touched += views_upon(tables, at)
    known = at.table(operation)
    if known is not None and known.partition_of is not None:
        touched += [known.partition_of, *default_partitions(known.partition_of, at, apart_from=known.name)]
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, touched))


def _drop_relation(operation: ops.DropRelation, at: Situation) -> Effects:
    name = at.name(operation)
    upon = views_upon((name,), at) if operation.cascade else ()
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, (name, *upon)))


# --------------------------------------------------------------------------- views


def _create_view(operation: ops.CreateView, at: Situation) -> Effects:
    name = at.catalog.new_name(operation.relation or Name(None, ""), temporary=operation.temporary)
    sources = locked(LockMode.ACCESS_SHARE, map(at.catalog.resolve, operation.sources))
    replaced = operation.replace and not at.state.is_new(name)
    locks = strongest(sources, locked(LockMode.ACCESS_EXCLUSIVE, (name,) if replaced else ()))
    return Effects(locks=locks, creates=() if replaced else (name,))


def _refresh(operation: ops.RefreshMaterializedView, at: Situation) -> Effects:
    name = at.name(operation)
    view = at.catalog.views.get(name)
    mode = LockMode.EXCLUSIVE if operation.concurrently else LockMode.ACCESS_EXCLUSIVE
    sources = locked(LockMode.ACCESS_SHARE, view.sources if view and operation.with_data else ())
    return Effects(
        locks=strongest(sources, {name: mode}),
        rewrites=() if operation.concurrently else (name,),
        builds_index=not operation.concurrently,
    )


# --------------------------------------------------------------------------- triggers and other objects


def _create_trigger(operation: ops.CreateTrigger, at: Situation) -> Effects:
    tables = at.below(at.name(operation)) if operation.for_each_row else (at.name(operation),)
    return Effects(locks=locked(LockMode.SHARE_ROW_EXCLUSIVE, tables))


def _drop_trigger(operation: ops.TableObject, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, at.below(at.name(operation))))


def _exclusive(operation: ops.Operation, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, (at.name(operation),)))


def _share_update(operation: ops.Operation, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (at.name(operation),)))


def _comment(operation: ops.CommentOn, at: Situation) -> Effects:
    """What hangs on a table is commented on beside everything; the table itself and its columns are not."""
    on_table = operation.object_type in ("constraint", "trigger", "rule", "policy")
    return NONE if operation.relation is None or on_table else _share_update(operation, at)


def _publish(operation: ops.PublishTable, at: Situation) -> Effects:
    """Of tables that are not named the catalog is enough."""
    return NONE if operation.relation is None else _share_update(operation, at)


def _rename_object(operation: ops.RenameObject, at: Situation) -> Effects:
    return NONE if operation.relation is None else _exclusive(operation, at)


def _alter_object(operation: ops.AlterObject, at: Situation) -> Effects:
    """Of these only sequences are relations."""
    if operation.relation is None:
        return NONE
    return Effects(locks=locked(LockMode.SHARE_ROW_EXCLUSIVE, (at.name(operation),)))


def _drop_object(operation: ops.DropObject, at: Situation) -> Effects:
    """CASCADE drops what hangs on the object: of a schema or function that is known, of a type it is not."""
    if not operation.cascade:
        return NONE
    if operation.object_type in ("function", "procedure", "routine"):
        return _drop_routine(operation, at)
    if operation.object_type != "schema":
        return Effects(unknown=True)
    known = (*at.catalog.tables, *at.catalog.views)
    inside = [name for name in known if name.schema == operation.name.name]
    touched = [neighbour for name in inside for neighbour in (name, *neighbours(name, at))]
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, touched))


def _drop_routine(operation: ops.DropObject, at: Situation) -> Effects:
    """Triggers, defaults, constraints and views call it; an index may where it is immutable, and that is not known."""
    made = at.catalog.routines_of(operation.name)
    if not made and operation.if_exists:
        return NONE
    if not made or any(function.volatility == "immutable" for function in made):
        return Effects(unknown=True)
    tables = [table.name for table in at.catalog.tables.values() if _calls(table, operation.name, at)]
    views = [view.name for view in at.catalog.views.values() if _is_among(view.calls, operation.name, at)]
    upon = (more for view in views for more in views_upon((view,), at))
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, (*tables, *views, *upon)))


def _calls(table: Table, function: Name, at: Situation) -> bool:
    columns = [kept for column in table.columns.values() for kept in (column.default, column.generation)]
    checks = [constraint.expression for constraint in table.constraints.values()]
    called = [name for kept in (*columns, *checks) if kept is not None for name in kept.calls]
    return _is_among((*called, *table.trigger_functions.values()), function, at)


def _is_among(called: Iterable[Name], function: Name, at: Situation) -> bool:
    """Whether the function is called, by its name with the schema or without."""
    wanted = at.catalog.new_name(function)
    return any(name.name == wanted.name and name.schema in (None, wanted.schema) for name in called)


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "drop_view": _drop_relation,
    "drop_materialized_view": _drop_relation,
    "drop_sequence": _drop_relation,
    "drop_foreign_table": _drop_relation,
    "create_view": _create_view,
    "create_materialized_view": _create_view,
    "refresh_materialized_view": _refresh,
    "create_trigger": _create_trigger,
    "drop_trigger": _drop_trigger,
    "create_policy": _exclusive,
    "alter_policy": _exclusive,
    "drop_policy": _exclusive,
    "create_rule": _exclusive,
    "drop_rule": _exclusive,
    "create_statistics": _share_update,
    "publish_table": _publish,
    "comment_on": _comment,
    "rename_object": _rename_object,
    "alter_object": _alter_object,
    "drop_object": _drop_object,
}
