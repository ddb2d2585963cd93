"""``op.create_index_safely`` and its like: as Alembic's own of nearly the same name, and as the recipes have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from alembic.autogenerate import render
from alembic.operations import MigrateOperation, Operations, ops

from zdmigrate.alembic.by_recipe import ByRecipe, send, table_of, table_with
from zdmigrate.alembic.offline import sql_of
from zdmigrate.recipes.parts.ground import Answers
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled, spelled_name
from zdmigrate.sources.op_calls import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Column, Table
    from sqlalchemy.sql.elements import ColumnElement, TextClause

    from zdmigrate.alembic.by_recipe import Phase

IMPORT = "import zdmigrate.alembic.operations"


class Wrapped(ByRecipe):
    """One of Alembic's own operations, which is what it reverses to the reverse of."""

    def __init__(self, own: Any, tables: str) -> None:
        super().__init__(sql_of(own), tables)
        self.own = own


@Operations.register_operation("create_index_safely")
class CreateIndexSafelyOp(Wrapped):
    """CREATE INDEX CONCURRENTLY, outside of a transaction; what an interrupted build has left goes first."""

    @classmethod
    def create_index_safely(
        cls,
        operations: Operations,
        /,
        index_name: str,
        table_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        schema: str | None = None,
        unique: bool = False,
        **words: Any,
    ) -> None:
        """As ``op.create_index``; ``words`` are those of the dialect, such as ``postgresql_where``."""
        own = ops.CreateIndexOp(index_name, table_name, columns, schema=schema, unique=unique, **words)
        operations.invoke(cls.of(own))

    @classmethod
    def of(cls, own: ops.CreateIndexOp) -> Self:
        return cls(own, table_with(own.table_name, own.columns, own.schema))

    def reverse(self) -> MigrateOperation:
        return DropIndexSafelyOp.of(self.own.reverse())


@Operations.register_operation("drop_index_safely")
class DropIndexSafelyOp(Wrapped):
    """DROP INDEX CONCURRENTLY, outside of a transaction."""

    @classmethod
    def drop_index_safely(
        cls, operations: Operations, /, index_name: str, table_name: str, *, schema: str | None = None, **words: Any
    ) -> None:
        """As ``op.drop_index``."""
        operations.invoke(cls.of(ops.DropIndexOp(index_name, table_name=table_name, schema=schema, **words)))

    @classmethod
    def of(cls, own: ops.DropIndexOp) -> Self:
        table = Name(own.schema, own.table_name or "")
        index = f"CREATE INDEX {spelled(str(own.index_name))} ON {spelled_name(table)} (id);\n"
        return cls(own, table_with(table.name, ["id"], own.schema) + index)

    def reverse(self) -> MigrateOperation:
        return CreateIndexSafelyOp.of(self.own.reverse())


@Operations.register_operation("set_not_null_safely")
class SetNotNullSafelyOp(Wrapped):
    """NOT NULL, proven by a CHECK while everybody works. For a contract: old versions may write NULL until then."""

    @classmethod
    def set_not_null_safely(
        cls, operations: Operations, table_name: str, column_name: str, *, schema: str | None = None
    ) -> None:
        """As ``op.alter_column(…, nullable=False)``."""
        own = ops.AlterColumnOp(table_name, column_name, schema=schema, modify_nullable=False, existing_nullable=True)
        operations.invoke(cls(own, table_with(table_name, [column_name], schema)))

    def reverse(self) -> MigrateOperation:
        reversed_op: MigrateOperation = self.own.reverse()
        return reversed_op


@Operations.register_operation("create_check_constraint_safely")
@Operations.register_operation("create_foreign_key_safely")
@Operations.register_operation("create_unique_constraint_safely")
class AddConstraintSafelyOp(Wrapped):
    """A constraint that holds for new rows first, and is then looked through; a UNIQUE by an index built before it."""

    @classmethod
    def create_check_constraint_safely(
        cls,
        operations: Operations,
        constraint_name: str,
        table_name: str,
        condition: str | ColumnElement[bool] | TextClause,
        *,
        schema: str | None = None,
    ) -> None:
        """As ``op.create_check_constraint``."""
        own = ops.CreateCheckConstraintOp(constraint_name, table_name, condition, schema=schema)
        operations.invoke(cls(own, table_with(table_name, [], schema)))

    @classmethod
    def create_foreign_key_safely(
        cls,
        operations: Operations,
        /,
        constraint_name: str,
        source_table: str,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        **words: Any,
    ) -> None:
        """As ``op.create_foreign_key``; ``words`` are its own, such as ``ondelete`` and ``source_schema``."""
        own = ops.CreateForeignKeyOp(
            constraint_name, source_table, referent_table, local_cols, remote_cols, **_of_foreign_key(words)
        )
        tables = table_with(referent_table, remote_cols, words.get("referent_schema"), keyed=True)
        tables += table_with(source_table, local_cols, words.get("source_schema"))
        operations.invoke(cls(own, tables))

    @classmethod
    def create_unique_constraint_safely(
        cls,
        operations: Operations,
        constraint_name: str,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
    ) -> None:
        """As ``op.create_unique_constraint``."""
        own = ops.CreateUniqueConstraintOp(constraint_name, table_name, columns, schema=schema)
        operations.invoke(cls(own, table_with(table_name, columns, schema)))

    def reverse(self) -> MigrateOperation:
        reversed_op: MigrateOperation = self.own.reverse()
        return reversed_op


def _of_foreign_key(words: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value is not None}


# --------------------------------------------------------------------------- in two phases


@Operations.register_operation("rename_column_safely")
@Operations.register_operation("add_column_sync")
class SyncedColumnOp(ByRecipe):
    """A column beside another one, kept in step with it by a trigger: a copy under a new name, or of a new type."""

    def __init__(self, call: str, old: str, new: Column[Any], table: Table, phase: Phase, answers: Answers) -> None:
        name = spelled_name(Name(table.schema, table.name))
        naive = f"ALTER TABLE {name} RENAME COLUMN {spelled(old)} TO {spelled(new.name)}"
        if call == "add_column_sync":
            from sqlalchemy.dialects import postgresql

            kind = new.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
            naive = f"ALTER TABLE {name} ALTER COLUMN {spelled(old)} TYPE {kind}"
            answers = answers.changed(new_names={"": new.name})
        super().__init__(naive, table_of(table), answers, phase)
        self.call, self.old, self.new, self.table = call, old, new, table

    @classmethod
    def rename_column_safely(
        cls, operations: Operations, old_name: str, new_name: str, *, copy_from: Table, phase: Phase = "expand"
    ) -> None:
        """Both names at once, until contract. ``copy_from`` is the table as it is before, with all that hangs on it.

        In the expand: the copy, its trigger, a backfill, its indexes and keys. In the contract, the same call with
        ``phase="contract"``: the old column goes. Online it is refused where the database has more on the column.
        """
        column = copy_from.c[old_name]._copy()
        column.name = column.key = new_name
        operations.invoke(cls("rename_column_safely", old_name, column, copy_from, phase, Answers()))

    @classmethod
    def add_column_sync(
        cls,
        operations: Operations,
        column: Column[Any],
        *,
        was: str,
        copy_from: Table,
        up: str = "",
        down: str = "",
        fallback: str = "",
        phase: Phase = "expand",
    ) -> None:
        """A column of another type for one there is: ``up`` is its value over the old columns, ``down`` the old's.

        ``fallback`` is what old versions read where the old type cannot hold a value; all three are SQL, and need
        not be said where a cast does it. ``copy_from`` and ``phase`` as for ``rename_column_safely``.
        """
        given = {"up": up, "down": down, "fallback": fallback}
        answers = Answers().changed(**{name: {"": value} for name, value in given.items() if value})
        operations.invoke(cls("add_column_sync", was, column, copy_from, phase, answers))

    def reverse(self) -> MigrateOperation:
        """Expand and revert are each other's; a contract has none: NotImplementedError."""
        back: dict[str, Phase] = {"expand": "revert", "revert": "expand"}
        if self.phase not in back:
            raise NotImplementedError("a contract goes forward only: what it removed is gone")
        answers = self.answers.changed(new_names={})
        return SyncedColumnOp(self.call, self.old, self.new, self.table, back[self.phase], answers)


for _each in (CreateIndexSafelyOp, DropIndexSafelyOp, SetNotNullSafelyOp, AddConstraintSafelyOp, SyncedColumnOp):
    Operations.implementation_for(_each)(send)


# --------------------------------------------------------------------------- as autogenerate's output


def _rendered(context: AutogenContext, operation: Any) -> str:
    """Alembic's own call of it, by the name of the safe one."""
    context.imports.add(IMPORT)
    if isinstance(operation, SetNotNullSafelyOp):
        own = operation.own
        schema = f", schema={quoted(own.schema)}" if own.schema else ""
        return f"op.set_not_null_safely({quoted(own.table_name)}, {quoted(own.column_name)}{schema})"
    name, parenthesis, rest = "\n".join(render.render_op(context, operation.own)).partition("(")
    return f"{name}_safely{parenthesis}{rest}"


def _rendered_sync(context: AutogenContext, operation: SyncedColumnOp) -> str:
    context.imports.add(IMPORT)
    _, __, rest = "\n".join(render.render_op(context, ops.CreateTableOp.from_table(operation.table))).partition(",")
    words = [f"copy_from=sa.Table({quoted(operation.table.name)}, sa.MetaData(),{rest}"]
    if operation.phase != "expand":
        words.append(f"phase={quoted(str(operation.phase))}")
    if operation.call == "rename_column_safely":
        return f"op.{operation.call}({', '.join([quoted(operation.old), quoted(operation.new.name), *words])})"
    column = render._render_column(operation.new, context)
    said = {name: getattr(operation.answers, name).get("") for name in ("up", "down", "fallback")}
    words = [f"was={quoted(operation.old)}", *(f"{name}={quoted(text)}" for name, text in said.items() if text), *words]
    return f"op.{operation.call}({', '.join([column, *words])})"


for _wrapped in (CreateIndexSafelyOp, DropIndexSafelyOp, SetNotNullSafelyOp, AddConstraintSafelyOp):
    render.renderers.dispatch_for(_wrapped)(_rendered)
render.renderers.dispatch_for(SyncedColumnOp)(_rendered_sync)
