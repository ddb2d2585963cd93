"""Tables as they were when a change was expanded: what somebody else has altered since is told before its contract.

Weeks may lie between expand and contract, and a contract that was reviewed for one table must not run on another.
What other changes of zdmigrate do to the table meanwhile is no news: each phase writes its own difference into the
shapes that other changes remember.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from zdmigrate.live.verdict import Reason
from zdmigrate.run.relations import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan
    from zdmigrate.schema.names import Name

Shape = dict[str, dict[str, str]]  # by table: what is on it, by kind and name, as the server describes it

# A NOT NULL is its column's, an index of a constraint is the constraint's, and partitions come and go.
_SHAPE = """
    WITH wanted AS (
        SELECT c.oid, pg_catalog.format('%%s.%%s', n.nspname, c.relname) AS name
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'p')
    )
    SELECT w.name, 'column ' || a.attname, pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END, CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END)
    FROM wanted AS w JOIN pg_catalog.pg_attribute AS a ON a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT w.name, 'constraint ' || k.conname, pg_catalog.pg_get_constraintdef(k.oid)
    FROM wanted AS w JOIN pg_catalog.pg_constraint AS k ON k.conrelid = w.oid AND k.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT w.name, 'index ' || c.relname,
           pg_catalog.pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
    FROM wanted AS w JOIN pg_catalog.pg_index AS i ON i.indrelid = w.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.conrelid = w.oid)
    UNION ALL
    SELECT w.name, 'trigger ' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
           || CASE t.tgenabled WHEN 'O' THEN '' WHEN 'A' THEN ' ALWAYS' WHEN 'D' THEN ' DISABLED' ELSE ' REPLICA' END
           || ' with a body of md5 ' || pg_catalog.md5(p.prosrc)
    FROM wanted AS w JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = w.oid AND NOT t.tgisinternal
    JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
"""


def remember(connection: Connection, plan: Plan, contract: Plan | None) -> None:
    """Keep how the tables are before the phase's first step. In the transaction that begins the phase."""
    names = {quoted(name) for each in (plan, contract) if each is not None for name in _tables(each)}
    query = "SELECT pg_catalog.to_regclass(name)::oid FROM pg_catalog.unnest(%s::text[]) AS name"
    oids = [oid for (oid,) in connection.execute(query, [sorted(names)]) if oid is not None]
    _write(connection, plan.app, plan.change, shape_of(connection, oids))


def settle(connection: Connection, plan: Plan) -> None:
    """The phase is over: what it did is no news to other changes, and after an expand the tables are as they are now.

    In the transaction that ends the phase.
    """
    before = _read(connection, plan.app, plan.change)
    if before is None:
        return
    after = _now(connection, before)
    query = "SELECT app, id, shape FROM zdmigrate.change WHERE shape IS NOT NULL AND (app, id) <> (%s, %s) FOR UPDATE"
    for app, change, shape in connection.execute(query, [plan.app, plan.change]).fetchall():
        _write(connection, app, change, _with_difference(shape, before, after))
    _write(connection, plan.app, plan.change, after if plan.phase == "expand" else None)


def changed_since(connection: Connection, app: str, change: str) -> list[Reason]:
    """What somebody has altered on a change's tables since it was expanded, past zdmigrate."""
    before = _read(connection, app, change)
    if before is None:  # expanded by an older version
        return []
    after = _now(connection, before)
    return [
        Reason(
            "changed-since",
            f"{table} is not what it was when {change} was expanded: {difference}. "
            f"Undo that, or look at the contract again and accept it: --accept-changes --reason …",
        )
        for table in before
        for difference in differences(before[table], after.get(table))
    ]


def accept(connection: Connection, app: str, change: str) -> None:
    """Take the tables as they are now."""
    before = _read(connection, app, change)
    if before is not None:
        _write(connection, app, change, _now(connection, before))


def differences(before: dict[str, str], after: dict[str, str] | None) -> Iterator[str]:
    """Sentences without their end: what came, what went, what is another."""
    if after is None:
        yield "it is gone"
        return
    for what in sorted(before.keys() | after.keys()):
        was, now = before.get(what), after.get(what)
        if was is None:
            yield f"{what} was added ({now})"
        elif now is None:
            yield f"{what} is gone"
        elif was != now:
            yield f"{what} is {now}, and was {was}"


def shape_of(connection: Connection, oids: Iterable[int]) -> Shape:
    """The tables among these relations, as the server describes them, every name with its schema."""
    shape: Shape = {}
    with connection.transaction(force_rollback=True):  # of the SET
        connection.execute("SET LOCAL search_path = pg_catalog")
        for table, what, definition in connection.execute(_SHAPE, [list(oids)]).fetchall():
            shape.setdefault(table, {})[what] = definition
    return shape


def _now(connection: Connection, before: Shape) -> Shape:
    """The same tables, by name, as they are now."""
    query = """
        SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE pg_catalog.format('%%s.%%s', n.nspname, c.relname) = ANY (%s)
    """
    return shape_of(connection, [oid for (oid,) in connection.execute(query, [list(before)]).fetchall()])


def _with_difference(shape: Shape, before: Shape, after: Shape) -> Shape:
    """A shape, with what a phase has changed in it."""
    told = {}
    for table, things in shape.items():
        was, now = before.get(table), after.get(table)
        if was is None or now is None:
            if was is None:  # the phase had nothing to do with it
                told[table] = things
            continue
        kept = {what: text for what, text in things.items() if what in now or what not in was}
        told[table] = kept | {what: text for what, text in now.items() if was.get(what) != text}
    return told


def _tables(plan: Plan) -> Iterator[Name]:
    for step in plan.steps:
        yield from (name for name, _ in step.locks)
        if step.backfill is not None:
            yield step.backfill.table


def _read(connection: Connection, app: str, change: str) -> Shape | None:
    query = "SELECT shape FROM zdmigrate.change WHERE app = %s AND id = %s"
    row = connection.execute(query, [app, change]).fetchone()
    return row[0] if row else None


def _write(connection: Connection, app: str, change: str, shape: Shape | None) -> None:
    query = "UPDATE zdmigrate.change SET shape = %s WHERE app = %s AND id = %s"
    connection.execute(query, [Jsonb(shape) if shape is not None else None, app, change])
