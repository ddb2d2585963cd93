"""What the role lacks for a plan: every missing privilege at once, before the first change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.ledger import one
from zdmigrate.run.relations import quoted
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan, Step

# Whoever takes more than what DML takes changes the table, and PostgreSQL asks for its owner.
_NOT_OURS = """
    SELECT c.oid::regclass::text, pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class AS c
    WHERE c.oid = pg_catalog.to_regclass(%s) AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
"""
_MISSING_DML = """
    SELECT c.oid::regclass::text FROM pg_catalog.pg_class AS c
    WHERE c.oid = pg_catalog.to_regclass(%s)
      AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, %s))
"""
_LEDGER = """
    SELECT pg_catalog.string_agg(DISTINCT c.relname::text, ', ')
    FROM pg_catalog.pg_class AS c, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE c.relnamespace = 'zdmigrate'::regnamespace AND c.relkind = 'r'
      AND c.relname NOT IN ('event', 'instance') AND NOT pg_catalog.has_table_privilege(c.oid, privilege)
"""


def missing_privileges(connection: Connection, plans: Iterable[Plan]) -> list[str]:
    """Sentences, one for each thing that the role may not do and the plans need; empty where it may do all."""
    (unwritable,) = one(connection, _LEDGER)
    sentences = [f"it may not write the ledger (zdmigrate: {unwritable}): connect as its owner"] if unwritable else []
    for plan in plans:
        for step in plan.steps:
            sentences += _for_step(connection, step)
    return list(dict.fromkeys(sentences))


def refuse_without_privileges(connection: Connection, plans: Iterable[Plan]) -> None:
    """Raise DatabaseError that names all that the role lacks."""
    missing = missing_privileges(connection, plans)
    if missing:
        told = "".join(f"\n  - {sentence}" for sentence in missing)
        raise DatabaseError(
            f"the role {_role(connection)} lacks privileges that the plan needs:{told}",
            state="nothing was run by this command",
            hint="grant them, or connect as the role that owns the tables",
        )


def _for_step(connection: Connection, step: Step) -> Iterator[str]:
    for name, mode in step.locks:
        if mode > LockMode.ROW_EXCLUSIVE and step.backfill is None:
            for table, owner in connection.execute(_NOT_OURS, [quoted(name)]):
                yield f"{table} belongs to {owner}, and only its owner may change it"
    if step.backfill is not None and step.backfill.verb in ("update", "delete"):
        verb = step.backfill.verb.upper()
        for (table,) in connection.execute(_MISSING_DML, [quoted(step.backfill.table), verb]):
            yield f"it may not SELECT and {verb} {table}"


def _role(connection: Connection) -> str:
    return connection.info.user
