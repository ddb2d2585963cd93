"""What an older app version would notice of an operation, in a short phrase; "" where nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.constraints import index_columns
from zdmigrate.schema.effects.domains import tables_of_domain
from zdmigrate.schema.filling import is_required
from zdmigrate.schema.history import rights_of
from zdmigrate.schema.proofs import is_proven_not_null
from zdmigrate.schema.state import object_made
from zdmigrate.schema.type_changes import type_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Right
    from zdmigrate.schema.effects.claim import Situation


def breaks_old(operation: ops.Operation, at: Situation) -> str:
    """What an older app version would notice; it knows nothing of what this change itself has made."""
    if operation.kind == "unknown":
        return "this may be anything"
    phrase = _PHRASES.get(operation.kind)
    if phrase is None or _is_out_of_sight(operation, at):
        return ""
    return phrase if isinstance(phrase, str) else phrase(operation, at)


def _is_out_of_sight(operation: ops.Operation, at: Situation) -> bool:
    if is_new_object(operation, at) or is_made_again(operation, at):
        return True
    if operation.kind == "drop_table" and at.makes_way(operation):
        return True
    return operation.relation is not None and at.state.is_new(at.name(operation))


def is_made_again(operation: Any, at: Situation) -> bool:
    """Whether what is dropped here is made again in the same transaction: nobody sees the time between."""
    if operation.kind in ("drop_view", "drop_materialized_view"):
        return at.name(operation) in at.state.views_to_come
    if operation.kind in ("drop_trigger", "disable_trigger"):
        return ("trigger", f"{operation.relation}.{operation.name}") in at.state.objects_to_come
    if operation.kind in ("drop_default", "drop_identity"):
        return object_made(operation) in at.state.objects_to_come
    is_drop = operation.kind == "drop_object"
    return is_drop and (operation.object_type, str(operation.name)) in at.state.objects_to_come


def is_new_object(operation: Any, at: Situation) -> bool:
    """Whether this change made the very thing that is dropped, renamed or changed."""
    if operation.kind in _ON_TABLE:
        return (_ON_TABLE[operation.kind], f"{operation.relation}.{operation.name}") in at.state.objects
    if operation.kind in ("drop_sequence", "rename_sequence"):
        return ("sequence", str(operation.relation)) in at.state.objects
    if hasattr(operation, "domain"):
        return ("domain", str(operation.domain)) in at.state.objects
    if operation.kind == "rename_enum_value":
        return ("type", str(operation.type)) in at.state.objects
    if hasattr(operation, "object_type"):
        return (operation.object_type, str(getattr(operation, "name", ""))) in at.state.objects
    return operation.relation is not None and at.name(operation) in at.state.relations


_ON_TABLE = {
    "drop_trigger": "trigger",
    "disable_trigger": "trigger",
    "drop_policy": "policy",
    "alter_policy": "policy",
    "drop_rule": "rule",
}


# --------------------------------------------------------------------------- phrases that depend on more


def _of_old_column(phrase: str) -> Callable[[Any, Situation], str]:
    def told(operation: ops.ColumnAction, at: Situation) -> str:
        return "" if (at.name(operation), operation.column) in at.state.columns else phrase

    return told


def _drop_column(operation: ops.DropColumn, at: Situation) -> str:
    table = at.table(operation)
    if operation.column_if_exists and table is not None and table.complete and operation.column not in table.columns:
        return ""
    return _of_old_column("its queries that name the column fail")(operation, at)


def _add_column(operation: ops.AddColumn, at: Situation) -> str:
    if is_required(operation.column):
        return "its INSERTs, which do not name the column, fail"
    return "its INSERTs may give the same value twice" if _is_unique_with_default(operation) else ""


def _is_unique_with_default(operation: ops.AddColumn) -> bool:
    """A constant default under UNIQUE lets one row in, and no second."""
    kinds = {constraint.type for constraint in operation.column.constraints}
    default = operation.column.default
    return bool(kinds & {"unique", "primary_key"}) and default is not None and default.constant


def _drop_default(operation: ops.DropDefault, at: Situation) -> str:
    column = at.catalog.column(operation.relation, operation.column)
    if (at.name(operation), operation.column) not in at.state.columns:
        return "its INSERTs no longer get the default"
    return "its INSERTs, which do not name the column, fail" if column is not None and column.not_null else ""


def _set_identity(operation: ops.SetIdentity, at: Situation) -> str:
    """BY DEFAULT takes what is given, and where the sequence goes on is nothing that an app names."""
    old = (at.name(operation), operation.column) not in at.state.columns
    return "its INSERTs that give the column a value fail" if operation.always and old else ""


def _set_not_null(operation: ops.SetNotNull, at: Situation) -> str:
    if all(is_proven_not_null(name, operation.column, at.catalog) for name in at.tree(operation)):
        return ""
    return "its writes of NULL, and INSERTs without the column, fail"


def _alter_column_type(operation: ops.AlterColumnType, at: Situation) -> str:
    if (at.name(operation), operation.column) in at.state.columns:
        return ""
    keeps = type_change(operation, at.catalog, at.state) != "rewrite"
    return "" if keeps else "it reads another type than it expects, and values that it writes may be refused"


def _add_constraint(operation: ops.AddConstraint, at: Situation) -> str:
    constraint = operation.constraint
    columns = constraint.columns or (constraint.expression.columns if constraint.expression else ())
    if constraint.using_index is not None:
        columns = index_columns(operation, at)
        if operation.kind == "add_unique":
            return ""  # the index refuses duplicates already
    table = at.name(operation)
    if columns and all((table, column) in at.state.columns for column in columns):
        return ""
    if _adds_nothing(operation, columns, at):
        return ""
    return "its writes that the constraint forbids fail"


def _adds_nothing(operation: ops.AddConstraint, columns: tuple[str, ...], at: Situation) -> bool:
    """NOT NULL, or a primary key on a unique index, where the columns are NOT NULL already; NOT ENFORCED."""
    if not operation.constraint.enforced:
        return True
    proven = bool(columns) and all(is_proven_not_null(at.name(operation), column, at.catalog) for column in columns)
    by_index = operation.kind == "add_primary_key" and operation.constraint.using_index is not None
    return proven and (operation.kind == "add_not_null" or by_index)


def _domain(operation: ops.AlterDomain, at: Situation) -> str:
    """A domain that only tables of this change use is nothing that it could notice."""
    unknown = at.catalog.new_name(operation.domain) not in at.catalog.domains
    old = any(not at.state.is_new(table) for table in tables_of_domain(operation.domain, at))
    return "its writes that the domain forbids fail" if old or unknown else ""


def _create_index(operation: ops.CreateIndex, at: Situation) -> str:
    table = at.name(operation)
    new = all((table, column) in at.state.columns for column in operation.columns)
    return "its writes of the same value twice fail" if operation.unique and not new else ""


def _drop_constraint(operation: ops.DropConstraint, at: Situation) -> str:
    if (at.name(operation), operation.name) in at.state.constraints:
        return ""
    known = at.catalog.constraint(operation.relation, operation.name)
    kind = _named_like(operation.name) if known is None else known.type
    if kind in ("check", "not_null"):
        return ""
    if kind == "foreign_key":
        return "rows that it expects to be refused or deleted along stay"
    return "its ON CONFLICT fails, and duplicates that it expects to be refused stay"


def _named_like(name: str) -> str:
    """The kind of a constraint that history has not made, where it has the name that PostgreSQL gives to such."""
    kinds = {"_fkey": "foreign_key", "_check": "check", "_not_null": "not_null"}
    return next((kind for ending, kind in kinds.items() if name.endswith(ending)), "")


def _rename_constraint(operation: ops.RenameConstraint, at: Situation) -> str:
    if (at.name(operation), operation.name) in at.state.constraints:
        return ""
    known = at.catalog.constraint(operation.relation, operation.name)
    plain = known is not None and known.type in ("check", "not_null", "foreign_key")
    return "" if plain else "its ON CONFLICT ON CONSTRAINT fails"


def _drop_index(operation: ops.DropIndex, at: Situation) -> str:
    index = at.catalog.indexes.get(at.name(operation))
    if index is None:
        return "" if operation.if_exists else "its queries lose an index, its ON CONFLICT perhaps fails"
    if at.state.is_new(index.table):
        return ""
    return "its ON CONFLICT fails" if index.unique else "its queries lose an index"


def _drop_on_table(phrase: str) -> Callable[[Any, Situation], str]:
    """DROP … IF EXISTS before CREATE is how a file is made repeatable: it drops nothing that history made."""

    def told(operation: ops.TableObject, at: Situation) -> str:
        table = at.table(operation)
        unseen = table is None or operation.name not in table.triggers
        return "" if operation.if_exists and unseen else phrase

    return told


def _set_row_security(operation: ops.SetRowSecurity, at: Situation) -> str:
    """A table has none until it is enabled: DISABLE, as some tools write it behind each CREATE, changes nothing."""
    table = at.table(operation)
    changes_nothing = operation.disables and table is not None and table.complete and not table.row_security
    return "" if changes_nothing else "it sees other rows than before"


def _drop_object(operation: ops.DropObject, at: Situation) -> str:
    """No query calls a trigger's function; without CASCADE it is dropped only where no trigger calls it either."""
    if operation.object_type not in ("function", "procedure", "routine"):
        return "what it uses is gone"
    made = at.catalog.routines_of(operation.name)
    unseen = operation.if_exists and not made
    unused = made and not operation.cascade and all(function.returns_trigger for function in made)
    return "" if unseen or unused else "what it uses is gone"


def _drop_view(operation: ops.DropRelation, at: Situation) -> str:
    """IF EXISTS of what history has not made, or has dropped already, makes a file repeatable, as for a trigger."""
    unseen = operation.if_exists and at.name(operation) not in at.catalog.views
    return "" if unseen else "its queries that name the view fail"


def _revoke(operation: ops.Revoke, at: Situation) -> str:
    rights = rights_of(operation, at.catalog)
    nothing_to_take = rights and not any(_may_be_given(right, at) for right in rights)
    return "" if nothing_to_take else "its queries are refused"


def _may_be_given(right: Right, at: Situation) -> bool:
    """Of a new table or view PUBLIC has nothing; what was taken before and not given again cannot be taken."""
    kind, thing, grantee = right
    if thing is None or at.catalog.right((kind, None, grantee)):
        return True
    if (told := at.catalog.right(right)) is not None:
        return told
    table = at.catalog.tables.get(thing)
    made_here = thing in at.catalog.views or (table is not None and table.complete)
    return not (grantee == "public" and kind == "table" and made_here)


def _server_command(operation: ops.ServerCommand, at: Situation) -> str:
    return "what it uses is gone" if operation.statement.startswith("drop") else ""


_PHRASES: dict[str, str | Callable[[Any, Situation], str]] = {
    "add_column": _add_column,
    "drop_column": _drop_column,
    "rename_column": _of_old_column("its queries that name the column fail"),
    "alter_column_type": _alter_column_type,
    "set_not_null": _set_not_null,
    "drop_default": _drop_default,
    "add_identity": _of_old_column("its INSERTs that give the column a value may fail"),
    "set_identity": _set_identity,
    "drop_identity": _of_old_column("its INSERTs no longer get a value for the column"),
    "drop_expression": _of_old_column("the column that it reads is no longer computed"),
    "set_expression": _of_old_column("the column that it reads means something else"),
    "add_check": _add_constraint,
    "add_not_null": _add_constraint,
    "add_unique": _add_constraint,
    "add_primary_key": _add_constraint,
    "add_foreign_key": _add_constraint,
    "add_exclusion": _add_constraint,
    "add_domain_constraint": _domain,
    "set_domain_not_null": _domain,
    "create_index": _create_index,
    "drop_constraint": _drop_constraint,
    "rename_constraint": _rename_constraint,
    "drop_index": _drop_index,
    "drop_table": "its queries that name the table fail",
    "rename_table": "its queries that name the table fail",
    "set_schema": "its queries no longer find the relation",
    "drop_view": _drop_view,
    "drop_materialized_view": _drop_view,
    "drop_foreign_table": "its queries that name the table fail",
    "drop_sequence": "its calls of nextval fail",
    "rename_view": "its queries that name the view fail",
    "rename_sequence": "its calls of nextval fail",
    "detach_partition": "the partition's rows are gone from the table that it reads",
    "no_inherit": "the rows are gone from the parent that it reads",
    "truncate": "the rows that it wrote are gone",
    "set_row_security": _set_row_security,
    "alter_policy": "it sees other rows than before",
    "drop_policy": _drop_on_table("it sees other rows than before"),
    "disable_trigger": "what the trigger did for it is no longer done",
    "disable_rule": "what the rule did for it is no longer done",
    "drop_trigger": _drop_on_table("what the trigger did for it is no longer done"),
    "create_rule": "its statements do something else",
    "drop_rule": _drop_on_table("what the rule did for it is no longer done"),
    "change_owner": "rights that it has as the owner are gone",
    "revoke": _revoke,
    "drop_object": _drop_object,
    "rename_object": "what it uses has another name",
    "move_object": "what it uses is in another schema",
    "rename_enum_value": "the value that it reads and writes has another name",
    "server_command": _server_command,
}
