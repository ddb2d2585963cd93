"""What changes that are due meet in this database: names that are taken, room that is needed, what else is there.

Each check is one function. A problem refuses the run, a warning is told before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.bytesize import ByteSize
from zdmigrate.ledger.ledger import one
from zdmigrate.plan.step import ALONE
from zdmigrate.run.dependents import what_hangs_on
from zdmigrate.run.finding import Finding, Health
from zdmigrate.run.relations import quoted
from zdmigrate.run.steps import read_steps
from zdmigrate.run.undoing import made_by
from zdmigrate.schema.operations import AddColumn, CreateTrigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan
    from zdmigrate.schema.names import Name
    from zdmigrate.sources.change import Change


_SIZE = """
    SELECT coalesce(sum(pg_catalog.pg_table_size(leaf.relid)), 0)::bigint,
           coalesce(sum(pg_catalog.pg_indexes_size(leaf.relid)), 0)::bigint
    FROM (SELECT pg_catalog.to_regclass(%s)::oid AS relid
          UNION SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(%s))) AS leaf
    WHERE leaf.relid IS NOT NULL
"""
_TRIGGERS = """
    SELECT tgname FROM pg_catalog.pg_trigger
    WHERE tgrelid = pg_catalog.to_regclass(%s) AND NOT tgisinternal AND (tgtype & 3 = 3 OR tgattr <> '')
      AND tgname <> ALL (%s) ORDER BY tgname
"""
_CHILDREN = """
    SELECT c.oid::regclass::text FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = pg_catalog.to_regclass(%s) AND NOT c.relispartition ORDER BY 1
"""
_COLUMN_GRANTS = """
    SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END
    FROM pg_catalog.pg_attribute AS a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS acl
    WHERE a.attrelid = pg_catalog.to_regclass(%s) AND NOT a.attisdropped ORDER BY 1
"""
_PUBLICATIONS = """
    SELECT p.pubname FROM pg_catalog.pg_publication AS p
    WHERE p.puballtables OR EXISTS (SELECT FROM pg_catalog.pg_publication_tables AS t
                                    WHERE t.pubname = p.pubname
                                      AND pg_catalog.format('%%I.%%I', t.schemaname, t.tablename)::regclass
                                          = pg_catalog.to_regclass(%s)) ORDER BY 1
"""
_INVALID = """
    SELECT indexrelid::regclass::text FROM pg_catalog.pg_index
    WHERE NOT indisvalid AND indrelid = pg_catalog.to_regclass(%s) ORDER BY 1
"""


class _Warning(NamedTuple):
    """A query that lists names about a table, what they mean for it, and what to do."""

    query: str
    sentence: str
    hint: str


_INHERITED = _Warning(
    _CHILDREN,
    "{table} has inheritance children ({names}): no trigger keeps both sides in step in them",
    "give them the trigger, too",
)
_GRANTED_BY_COLUMN = _Warning(
    _COLUMN_GRANTS,
    "{names} have rights on single columns of {table}: none on a new one",
    "GRANT them on the new column in the expand",
)
_PUBLISHED = _Warning(
    _PUBLICATIONS,
    "{table} is published ({names}): a subscriber that lacks the new column stops at its first row",
    "add the column on the subscribers first",
)
_LEFT_INVALID = _Warning(
    _INVALID,
    "{table} has invalid indexes ({names}): left by interrupted builds, and kept up by every write",
    "DROP INDEX CONCURRENTLY, unless a build is under way",
)


def concerns(connection: Connection, config: Config, due: Sequence[tuple[Change, Plan]]) -> list[Finding]:
    """Everything that is in the way of the expands that are due, or that a person should know of first."""
    return [
        *_taken_names(connection, due),
        *_room(connection, config, due),
        *(finding for change, plan in due for finding in _of_change(connection, change, plan)),
    ]


def _of_change(connection: Connection, change: Change, plan: Plan) -> Iterator[Finding]:
    operations = list(change.operations("expand", ""))
    synced = {operation.relation for operation in operations if isinstance(operation, CreateTrigger)}
    ours = [operation.name for operation in operations if isinstance(operation, CreateTrigger)]
    widened = {operation.relation for operation in operations if isinstance(operation, AddColumn)}
    for table in _tables(synced):
        yield from _triggers(connection, table, ours)
        yield from _warned(connection, _INHERITED, table)
    for table in _tables(widened):
        yield from _warned(connection, _GRANTED_BY_COLUMN, table)
        yield from _warned(connection, _PUBLISHED, table)
    for table in _tables(name for step in plan.steps for name, _ in step.locks):
        yield from _warned(connection, _LEFT_INVALID, table)
    for reason in what_hangs_on(connection, change):
        yield Finding(Health.WARNING, f"the contract of {change.id} will be refused: {reason.sentence}")


def _taken_names(connection: Connection, due: Sequence[tuple[Change, Plan]]) -> Iterator[Finding]:
    """An index that is built by itself is compared with what is there, and what an earlier step takes away is free."""
    freed = {each for change, _ in due for each in _names_in(change)}
    for change, plan in due:
        begun = read_steps(connection, plan)
        ours = {made for step in plan.steps if step.position in begun for made in made_by(change, step)}
        for step in plan.steps:
            if step.position in begun or step.mode == ALONE:
                continue
            for made in made_by(change, step):
                if (
                    made not in ours
                    and not made.overloaded
                    and not freed & set(made.values)
                    and one(connection, made.query, list(made.values))[0]
                ):
                    yield Finding(
                        Health.PROBLEM,
                        f"{step.path}:{step.line}: {made.name} is there already",
                        f"is {change.id} in this database already? Then: zdmigrate init --release VERSION --baseline "
                        f"{change.id}; else give it another name",
                    )


def _names_in(change: Change) -> Iterator[str]:
    """What a change drops or renames, as its parts are called."""
    for operation in change.operations("expand", ""):
        if operation.kind.startswith(("drop_", "rename_")):
            for value in operation.field_values():
                yield from (value,) if isinstance(value, str) else (quoted(value),) if _is_name(value) else ()


def _is_name(value: object) -> bool:
    return hasattr(value, "schema") and hasattr(value, "name")


def _room(connection: Connection, config: Config, due: Sequence[tuple[Change, Plan]]) -> Iterator[Finding]:
    """What is copied needs its size twice, once more for the copies and once for WAL; an index at most its table's.

    How much is free, no SQL says without a superuser's rights or an extension.
    """
    needed = sum(_needed(connection, plan) for _, plan in due)
    free = config.disk_free
    if not needed:
        return
    told = f"what is due may need {ByteSize(needed)} more on the server's disk (twice what is copied, and the indexes)"
    if free.bytes and needed > free.bytes:
        yield Finding(Health.PROBLEM, f"{told}, and {free} are free", "make room, or correct disk_free")
    elif free.bytes:
        yield Finding(Health.GOOD, f"{told}; {free} are free")
    elif needed > 1 << 30:
        yield Finding(Health.WARNING, f"{told}; PostgreSQL does not tell how much is free", "say it: --disk-free 200GB")


def _needed(connection: Connection, plan: Plan) -> int:
    total = 0
    for step in plan.steps:
        copied = {step.backfill.table} if step.backfill is not None else set(step.rewrites)
        total += sum(2 * sum(_size(connection, table)) for table in copied)
        if step.builds_index:
            total += max((_size(connection, name)[0] for name, _ in step.locks), default=0)
    return total


def _size(connection: Connection, table: Name) -> tuple[int, int]:
    table_bytes, index_bytes = one(connection, _SIZE, [quoted(table)] * 2)
    return int(table_bytes), int(index_bytes)


def _triggers(connection: Connection, table: Name, ours: list[str]) -> Iterator[Finding]:
    names = _listed(connection, _TRIGGERS, table, ours)
    if names:
        yield Finding(
            Health.WARNING,
            f"{table} has BEFORE or UPDATE OF triggers ({names}): they run before or after the one that keeps both "
            f"sides in step, by their names, and may see or change one side only",
        )


def _warned(connection: Connection, warning: _Warning, table: Name) -> Iterator[Finding]:
    if names := _listed(connection, warning.query, table):
        yield Finding(Health.WARNING, warning.sentence.format(table=table, names=names), warning.hint)


def _listed(connection: Connection, query: str, table: Name, *more: object) -> str:
    return ", ".join(name for (name,) in connection.execute(query.encode(), [quoted(table), *more]))


def _tables(names: Iterable[Name | None]) -> list[Name]:
    return sorted({name for name in names if name is not None}, key=str)
