"""What one statement does, in the database's terms: a frozen value an operation, owned by no parser.

Rules, effects, recipes and plans see these and never a parse tree. ``kind`` is the name they know it by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zdmigrate.value import Value

if TYPE_CHECKING:
    from typing import Protocol

    from zdmigrate.schema.names import Name, Span

    class Routine(Protocol):
        """What a call of a function or procedure does, in its order; their spans are not the caller's."""

        @property
        def operations(self) -> tuple[Operation, ...]: ...


# --------------------------------------------------------------------------- parts of operations


class TypeName(Value):
    """A data type: ``TypeName(name="numeric", modifiers=(10, 2))``; ``name`` is PostgreSQL's long form.

    ``name`` may be ``smallserial``, ``serial`` or ``bigserial``, which the server expands itself.
    """

    name: str
    modifiers: tuple[int, ...] = ()
    array: bool = False
    schema: str | None = None  # None for the types of pg_catalog and for unqualified user types
    sql: str = ""  # as written


class Expression(Value):
    """An expression as written, with what can be known about it without a database."""

    sql: str
    calls: tuple[Name, ...] = ()  # every function named in it, SQL's own spellings included (now, random)
    columns: tuple[str, ...] = ()  # every column named in it, unqualified
    subquery: bool = False
    constant: bool = False  # a literal, cast or not


class Constraint(Value):
    """A constraint as written on a column or a table.

    ``type`` is one of check, not_null, unique, primary_key, foreign_key, exclude.
    """

    type: str
    span: Span
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: Expression | None = None
    references: Name | None = None
    referenced_columns: tuple[str, ...] = ()
    using_index: str | None = None
    included: tuple[str, ...] = ()
    not_valid: bool = False
    enforced: bool = True
    no_inherit: bool = False
    deferrable: bool = False
    nulls_not_distinct: bool = False


class Column(Value):
    """A column as CREATE TABLE or ADD COLUMN defines it."""

    name: str
    type: TypeName
    span: Span
    not_null: bool = False
    default: Expression | None = None
    generated: str | None = None  # stored | virtual
    generation: Expression | None = None
    identity: str | None = None  # always | by default
    collation: Name | None = None
    constraints: tuple[Constraint, ...] = ()


class Bound(Value):
    """FOR VALUES of a partition, its values as written; ``lower`` and ``upper`` of a range, ``values`` of a list."""

    lower: tuple[str, ...] = ()
    upper: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


class Assignment(Value):
    """``column = expression`` of an UPDATE; ``expression`` is None for a row assignment from a subquery."""

    column: str
    expression: Expression | None


# --------------------------------------------------------------------------- the root


class Operation(Value):
    """One thing that a statement does. ``relation`` is the table, view, index or sequence it does it to."""

    kind: ClassVar[str] = "operation"
    span: Span
    relation: Name | None = None
    within: Span | None = None  # the statement that it is of, where that stands in the body of a DO
    truncated: tuple[str, ...] = ()  # names of its statement of more than 63 bytes, as written; the first one has them
    literals: tuple[str, ...] = ()  # the text constants of its statement, in a file that adds a value to an enum


class Unknown(Operation):
    """Recognised by name and place, and not understood further: every question about it is answered worst."""

    kind = "unknown"
    statement: str  # the grammar's name for it: alter_domain, create_subscription, alter_table set_access_method
    reason: str = ""


# --------------------------------------------------------------------------- ALTER TABLE


class AlterTable(Operation):
    """One action of ALTER TABLE (or of its kin for views, indexes, sequences) that needs no more words."""

    only: bool = False
    if_exists: bool = False


class SetLogged(AlterTable):
    kind = "set_logged"


class SetUnlogged(AlterTable):
    kind = "set_unlogged"


class SetTablespace(AlterTable):
    kind = "set_tablespace"


class SetAccessMethod(AlterTable):
    kind = "set_access_method"


class SetWithoutCluster(AlterTable):
    kind = "set_without_cluster"


class SetReplicaIdentity(AlterTable):
    kind = "set_replica_identity"


class SetRowSecurity(AlterTable):
    """ENABLE, DISABLE, FORCE or NO FORCE ROW LEVEL SECURITY."""

    kind = "set_row_security"
    disables: bool = False


class ChangeOwner(AlterTable):
    kind = "change_owner"


class OfType(AlterTable):
    """OF type, or NOT OF."""

    kind = "of_type"


class NamedAction(AlterTable):
    """An action of ALTER TABLE on something of the table that has a name and is no column."""

    name: str


class ClusterOn(NamedAction):
    kind = "cluster_on"


class EnableTrigger(NamedAction):
    """ENABLE [REPLICA | ALWAYS] TRIGGER; ``name`` is ALL or USER for all of them."""

    kind = "enable_trigger"


class DisableTrigger(NamedAction):
    kind = "disable_trigger"


class EnableRule(NamedAction):
    kind = "enable_rule"


class DisableRule(NamedAction):
    kind = "disable_rule"


class ValidateConstraint(NamedAction):
    kind = "validate_constraint"


class AlterConstraint(NamedAction):
    kind = "alter_constraint"


class SetSchema(NamedAction):
    """SET SCHEMA; ``name`` is the new schema."""

    kind = "set_schema"


class DropConstraint(NamedAction):
    kind = "drop_constraint"
    cascade: bool = False
    constraint_if_exists: bool = False


class RenameConstraint(NamedAction):
    kind = "rename_constraint"
    new_name: str


class SetTableOptions(AlterTable):
    """SET (…) or RESET (…) of storage parameters, by name."""

    kind = "set_table_options"
    options: tuple[str, ...] = ()


class Inherit(AlterTable):
    kind = "inherit"
    parent: Name


class NoInherit(Inherit):
    kind = "no_inherit"


class AttachPartition(AlterTable):
    """ATTACH PARTITION; for an index, the index of a partition."""

    kind = "attach_partition"
    partition: Name
    default: bool = False
    bound: Bound | None = None  # None for DEFAULT, and for hashes


class AttachIndexPartition(AttachPartition):
    kind = "attach_index_partition"


class DetachPartition(AlterTable):
    kind = "detach_partition"
    partition: Name
    concurrently: bool = False
    finalize: bool = False


# --------------------------------------------------------------------------- columns


class AddColumn(AlterTable):
    kind = "add_column"
    column: Column
    if_not_exists: bool = False


class ColumnAction(AlterTable):
    """An action of ALTER TABLE on one column of ``relation``."""

    column: str


class SetNotNull(ColumnAction):
    kind = "set_not_null"


class DropNotNull(ColumnAction):
    kind = "drop_not_null"


class DropDefault(ColumnAction):
    kind = "drop_default"


class SetStatistics(ColumnAction):
    kind = "set_statistics"


class SetStorage(ColumnAction):
    kind = "set_storage"


class SetCompression(ColumnAction):
    kind = "set_compression"


class SetColumnOptions(ColumnAction):
    """SET (n_distinct = …), RESET (…), or options of a foreign table's column."""

    kind = "set_column_options"


class AddIdentity(ColumnAction):
    kind = "add_identity"


class SetIdentity(ColumnAction):
    kind = "set_identity"
    always: bool = False  # SET GENERATED ALWAYS


class DropIdentity(ColumnAction):
    kind = "drop_identity"


class DropExpression(ColumnAction):
    kind = "drop_expression"


class SetExpression(ColumnAction):
    kind = "set_expression"
    expression: Expression


class SetDefault(ColumnAction):
    kind = "set_default"
    default: Expression


class DropColumn(ColumnAction):
    kind = "drop_column"
    cascade: bool = False
    column_if_exists: bool = False


class AlterColumnType(ColumnAction):
    kind = "alter_column_type"
    type: TypeName
    using: Expression | None = None
    collation: Name | None = None


class RenameColumn(ColumnAction):
    kind = "rename_column"
    new_name: str


# --------------------------------------------------------------------------- constraints


class AddConstraint(AlterTable):
    """ADD CONSTRAINT of ALTER TABLE; the subclass says which kind."""

    constraint: Constraint


class AddCheck(AddConstraint):
    kind = "add_check"


class AddNotNull(AddConstraint):
    """PostgreSQL 18's named NOT NULL constraint."""

    kind = "add_not_null"


class AddUnique(AddConstraint):
    kind = "add_unique"


class AddPrimaryKey(AddConstraint):
    kind = "add_primary_key"


class AddForeignKey(AddConstraint):
    kind = "add_foreign_key"


class AddExclusion(AddConstraint):
    kind = "add_exclusion"


# --------------------------------------------------------------------------- tables, views, indexes


class CreateTable(Operation):
    kind = "create_table"
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    persistence: str = "permanent"  # permanent | unlogged | temporary
    if_not_exists: bool = False
    partition_of: Name | None = None
    default_partition: bool = False
    partitioned: bool = False
    inherits: tuple[Name, ...] = ()
    like: tuple[Name, ...] = ()
    partition_key: tuple[str, ...] = ()  # of PARTITION BY; an expression is ""
    of_type: bool = False
    from_query: bool = False  # CREATE TABLE AS, SELECT INTO
    sources: tuple[Name, ...] = ()  # the relations that this query names


class DropRelation(Operation):
    """DROP of one table, view, materialized view, sequence or foreign table: one operation a name."""

    cascade: bool = False
    if_exists: bool = False


class DropTable(DropRelation):
    kind = "drop_table"


class DropView(DropRelation):
    kind = "drop_view"


class DropMaterializedView(DropRelation):
    kind = "drop_materialized_view"


class DropSequence(DropRelation):
    kind = "drop_sequence"


class DropForeignTable(DropRelation):
    kind = "drop_foreign_table"


class DropIndex(DropRelation):
    """DROP INDEX; ``relation`` is the index, whose table only the catalog knows."""

    kind = "drop_index"
    concurrently: bool = False


class RenameRelation(AlterTable):
    """RENAME TO of a table, or of what the subclass says."""

    new_name: str


class RenameTable(RenameRelation):
    kind = "rename_table"


class RenameView(RenameRelation):
    """A view's or materialized view's new name."""

    kind = "rename_view"


class RenameIndex(RenameRelation):
    kind = "rename_index"


class RenameSequence(RenameRelation):
    kind = "rename_sequence"


class CreateIndex(Operation):
    kind = "create_index"
    name: str | None
    columns: tuple[str, ...] = ()  # plain columns, in order; an expression is ""
    included: tuple[str, ...] = ()
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    only: bool = False
    method: str = "btree"
    partial: bool = False
    nulls_not_distinct: bool = False
    mentioned: tuple[str, ...] = ()  # columns named in its expressions and its WHERE
    called: tuple[str, ...] = ()  # what the server calls its columns, and its expressions, in a name that it makes


class Reindex(Operation):
    """REINDEX; ``target`` is index, table, schema, database or system; ``relation`` only for the first two."""

    kind = "reindex"
    target: str
    name: str | None = None
    concurrently: bool = False


class CreateView(Operation):
    kind = "create_view"
    replace: bool = False
    temporary: bool = False
    calls: tuple[Name, ...] = ()  # the functions that its query names
    sources: tuple[Name, ...] = ()  # the relations that its query names
    columns: tuple[str, ...] = ()  # every column that it names, unqualified; "*" where it may read all of them


class CreateMaterializedView(CreateView):
    kind = "create_materialized_view"
    with_data: bool = True


class RefreshMaterializedView(Operation):
    kind = "refresh_materialized_view"
    concurrently: bool = False
    with_data: bool = True


class CreateTrigger(Operation):
    kind = "create_trigger"
    name: str
    function: Name | None = None
    replace: bool = False
    timing: str = "before"  # before | after | instead of
    events: tuple[str, ...] = ()  # insert, update, delete, truncate
    columns: tuple[str, ...] = ()  # of UPDATE OF
    mentioned: tuple[str, ...] = ()  # those that its WHEN names
    for_each_row: bool = False
    constraint: bool = False
    references: Name | None = None  # FROM of a constraint trigger


class TableObject(Operation):
    """Creating, changing or dropping something that hangs on a table and has a name of its own."""

    name: str
    if_exists: bool = False
    cascade: bool = False


class DropTrigger(TableObject):
    kind = "drop_trigger"


class CreatePolicy(TableObject):
    kind = "create_policy"
    columns: tuple[str, ...] = ()  # those that its conditions name, "*" as for a view
    using: tuple[str, ...] | None = None  # those of USING, None where that is not written
    checked: tuple[str, ...] | None = None  # those of WITH CHECK


class AlterPolicy(CreatePolicy):
    kind = "alter_policy"


class DropPolicy(TableObject):
    kind = "drop_policy"


class CreateRule(TableObject):
    kind = "create_rule"


class DropRule(TableObject):
    kind = "drop_rule"


class PublishTable(Operation):
    """A table, or with None tables that are not named, in or out of the publication ``name``."""

    kind = "publish_table"
    name: str
    columns: tuple[str, ...] = ()  # of its column list and its WHERE
    dropped: bool = False


class CreateStatistics(TableObject):
    kind = "create_statistics"


# --------------------------------------------------------------------------- other objects


class CreateFunction(Operation):
    """CREATE FUNCTION or PROCEDURE. ``body`` is None for a C function or a BEGIN ATOMIC body."""

    kind = "create_function"
    name: Name
    language: str = "sql"
    replace: bool = False
    procedure: bool = False
    returns_trigger: bool = False
    volatility: str = "volatile"  # volatile | stable | immutable
    body: str | None = None
    arguments: tuple[str, ...] = ()  # the types of what a call gives it
    does: Routine | None = None


class ObjectAction(Operation):
    """Something done to an object that is no relation. ``object_type`` is the grammar's: schema, type, domain …"""

    object_type: str
    name: Name
    if_exists: bool = False
    if_not_exists: bool = False
    replace: bool = False
    cascade: bool = False


class CreateObject(ObjectAction):
    kind = "create_object"
    form = ""  # of a type: enum | composite | "" for any other


class CreateEnum(CreateObject):
    """CREATE TYPE … AS ENUM."""

    form = "enum"


class CreateComposite(CreateObject):
    """CREATE TYPE … AS (…)."""

    form = "composite"


class CreateDomain(CreateObject):
    """CREATE DOMAIN; ``constrained`` says whether it has a CHECK or NOT NULL of its own."""

    kind = "create_domain"
    base: TypeName
    constrained: bool = False


class AlterDomain(Operation):
    """A change of a domain that looks at rows; which tables have columns of it only the catalog knows."""

    domain: Name


class AddDomainConstraint(AlterDomain):
    """ADD CONSTRAINT of ALTER DOMAIN: a CHECK, or a NOT NULL that has a name."""

    kind = "add_domain_constraint"
    constraint: Constraint


class ValidateDomainConstraint(AlterDomain):
    kind = "validate_domain_constraint"
    name: str


class SetDomainNotNull(AlterDomain):
    kind = "set_domain_not_null"


class AlterObject(ObjectAction):
    """A change of an object that no live query can notice by itself: owner, cost, options of a sequence."""

    kind = "alter_object"


class DropObject(ObjectAction):
    kind = "drop_object"


class CommentOn(ObjectAction):
    kind = "comment_on"


class RenameObject(ObjectAction):
    kind = "rename_object"
    new_name: str


class MoveObject(RenameObject):
    """SET SCHEMA of an object that is no relation; ``new_name`` is the schema."""

    kind = "move_object"


class AddEnumValue(Operation):
    kind = "add_enum_value"
    type: Name
    value: str
    if_not_exists: bool = False
    placed: bool = False  # BEFORE or AFTER is written


class RenameEnumValue(AddEnumValue):
    kind = "rename_enum_value"
    new_value: str


class Privileges(Operation):
    """GRANT or REVOKE, of privileges or of role membership; one operation for each object that it names."""

    object_type: str = ""
    name: Name | None = None  # of what is no relation
    grantees: tuple[str, ...] = ()  # "public" is PUBLIC
    privileges: tuple[str, ...] = ()  # empty for ALL


class Grant(Privileges):
    kind = "grant"


class Revoke(Privileges):
    kind = "revoke"


# --------------------------------------------------------------------------- rows


class Assigning(Operation):
    """What writes columns; ``assigned_twice`` are those that are named more than once as a whole."""

    assigned_twice: tuple[str, ...] = ()


class Insert(Assigning):
    kind = "insert"
    columns: tuple[str, ...] = ()
    from_query: bool = False  # INSERT … SELECT with a relation in its own FROM
    on_conflict: str | None = None  # nothing | update
    sources: tuple[Name, ...] = ()


class Update(Assigning):
    kind = "update"
    alias: str | None = None
    only: bool = False
    assignments: tuple[Assignment, ...] = ()
    where: Expression | None = None
    sources: tuple[Name, ...] = ()  # FROM, and relations of subqueries
    limited: bool = False  # a CTE or a table of FROM has a LIMIT


class Delete(Operation):
    kind = "delete"
    alias: str | None = None
    only: bool = False
    where: Expression | None = None
    sources: tuple[Name, ...] = ()
    limited: bool = False  # a CTE or a table of USING has a LIMIT


class Merge(Assigning):
    kind = "merge"
    sources: tuple[Name, ...] = ()
    limited: bool = False  # it changes no row that was there, or as many as its source lists


class Select(Operation):
    """A query; ``calls`` because a called function may do anything."""

    kind = "select"
    sources: tuple[Name, ...] = ()
    calls: tuple[Name, ...] = ()
    locks_rows: bool = False


class Copy(Assigning):
    kind = "copy"
    is_from: bool
    columns: tuple[str, ...] = ()


class Truncate(Operation):
    kind = "truncate"
    cascade: bool = False
    only: bool = False


# --------------------------------------------------------------------------- code, transactions, settings, upkeep


class Do(Operation):
    """DO; what its body does are the operations behind it, where it was ``read``."""

    kind = "do"
    language: str
    body: str
    read: bool = False


class Call(Operation):
    kind = "call"
    procedure: Name


class Transaction(Operation):
    """A transaction command; ``name`` is the savepoint's or the prepared transaction's."""

    name: str | None = None


class Begin(Transaction):
    kind = "begin"


class Commit(Transaction):
    kind = "commit"


class Rollback(Transaction):
    kind = "rollback"


class Savepoint(Transaction):
    kind = "savepoint"


class ReleaseSavepoint(Transaction):
    kind = "release_savepoint"


class RollbackToSavepoint(Transaction):
    kind = "rollback_to_savepoint"


class PrepareTransaction(Transaction):
    """PREPARE TRANSACTION, COMMIT PREPARED or ROLLBACK PREPARED."""

    kind = "prepare_transaction"


class SetVariable(Operation):
    """SET, RESET, SET LOCAL, SET ROLE, and ``SELECT set_config(…)`` with literal arguments.

    ``value`` is None for RESET and for TO DEFAULT; ``name`` is ``all`` for RESET ALL.
    """

    kind = "set_variable"
    name: str
    value: str | None = None
    local: bool = False


class LockTable(Operation):
    kind = "lock_table"
    mode: int = 8  # a LockMode
    nowait: bool = False


class Vacuum(Operation):
    """VACUUM; ``relation`` is None for the whole database."""

    kind = "vacuum"
    full: bool = False


class Analyze(Operation):
    kind = "analyze"


class Cluster(Operation):
    """CLUSTER; ``relation`` is None for all clustered tables."""

    kind = "cluster"


class SessionCommand(Operation):
    """A statement that changes the session or reads the server: SHOW, EXPLAIN, LISTEN, PREPARE, DISCARD, FETCH …"""

    kind = "session_command"
    statement: str


class ServerCommand(Operation):
    """CREATE or DROP DATABASE or TABLESPACE, ALTER SYSTEM, CHECKPOINT: beyond any one schema."""

    kind = "server_command"
    statement: str
