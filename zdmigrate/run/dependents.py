"""What else hangs on the things that a contract drops: views, functions' bodies apart, the server knows it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.live.verdict import Reason
from zdmigrate.run.relations import quoted
from zdmigrate.schema.operations import CreateView, DropColumn, DropConstraint, DropDefault, DropRelation, TableObject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.schema.operations import Operation
    from zdmigrate.sources.change import Change

# deptype 'n': what a DROP without CASCADE refuses; indexes, defaults and the like go with their column. What hangs on
# the same thing by 'a' as well, as a CHECK on its column and a policy on its table do, goes with it, too.
# A view's rule is named by its view.
_DEPENDENTS = """
    SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid),
           coalesce(v.relname, t.tgname, k.conname, p.polname, c.relname, owner.relname || '.' || filled.attname)
    FROM pg_catalog.pg_depend AS d
    LEFT JOIN pg_catalog.pg_rewrite AS r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class
    LEFT JOIN pg_catalog.pg_trigger AS t ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint AS k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_catalog.pg_policy AS p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
    LEFT JOIN pg_catalog.pg_class AS c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_catalog.pg_attrdef AS f ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid
    LEFT JOIN pg_catalog.pg_class AS owner ON owner.oid = f.adrelid
    LEFT JOIN pg_catalog.pg_attribute AS filled ON filled.attrelid = f.adrelid AND filled.attnum = f.adnum
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'n'
      AND d.refobjid = pg_catalog.to_regclass(%s) AND (%s::text IS NULL OR a.attname = %s)
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend AS along
          WHERE along.classid = d.classid AND along.objid = d.objid AND along.deptype IN ('a', 'i')
            AND along.refclassid = d.refclassid AND along.refobjid = d.refobjid
            AND (%s::text IS NULL OR along.refobjsubid = d.refobjsubid))
"""


def what_hangs_on(connection: Connection, change: Change) -> list[Reason]:
    """What would be dropped with, or would refuse, the contract of ``change``; what it drops itself is left out."""
    dropped = list(change.operations("contract"))
    own = {name for operation in dropped for name in _names(operation)}
    reasons = []
    for operation in dropped:
        if isinstance(operation, DropColumn | DropRelation) and operation.relation is not None:
            column = operation.column if isinstance(operation, DropColumn) else None
            rows = connection.execute(_DEPENDENTS, [quoted(operation.relation), column, column, column])
            what = f"{operation.relation}.{column}" if column else str(operation.relation)
            reasons += [
                Reason("still-needed", f"{told} needs {what}, which the contract drops")
                for told, name in rows
                if name not in own
            ]
    return reasons


def _names(operation: Operation) -> Iterable[str]:
    """Names of what an operation drops or makes anew, so that a dependent of the same name is no news."""
    match operation:
        case DropConstraint(name=name) | TableObject(name=name):
            return (name,)
        case DropDefault(relation=relation, column=column) | DropColumn(relation=relation, column=column):
            return (f"{relation.name}.{column}",) if relation is not None else ()  # its default, as above
        case DropRelation(relation=relation) | CreateView(relation=relation, replace=True) if relation is not None:
            return (relation.name,)
    return ()
