"""Concurrent index builds and what interruptions leave of them."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from zdmigrate.errors import StepFailed
from zdmigrate.ledger.ledger import one
from zdmigrate.plan.clauses import Clauses
from zdmigrate.run.relations import quoted
from zdmigrate.run.session import state_after

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.session import Session
    from zdmigrate.schema.names import Name


class Standing(Enum):
    """What stands under the name of an index that is to be built."""

    ABSENT = auto()
    INVALID = auto()
    SAME = auto()
    OTHER = auto()


def index_standing(connection: Connection, step: Step, index: Name, begun: bool) -> Standing:
    """Whether the index of a CREATE INDEX is there, valid, and the one that the statement would make.

    Where no twin can be made to compare with (no TEMP privilege, a function of the table's row), an invalid index
    and one that an earlier run of this step has ``begun`` are taken for ours.
    """
    query = """
        SELECT i.indisvalid AND i.indisready, pg_catalog.pg_get_indexdef(c.oid), i.indrelid
        FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
        WHERE c.oid = pg_catalog.to_regclass(%s)
    """
    row = connection.execute(query, [quoted(index)]).fetchone()
    if row is None:
        return Standing.ABSENT
    valid, definition, table = row
    if definition is None:
        return Standing.OTHER
    try:
        same = _shape(definition) == _shape(_definition_on_twin(connection, step, table))
    except psycopg.Error:
        same = begun or not valid
    if not same:
        return Standing.OTHER
    return Standing.SAME if valid else Standing.INVALID


def refuse_other_index(plan: Plan, step: Step, index: Name) -> StepFailed:
    """Something else has the index's name."""
    return StepFailed(
        f"{step.path}:{step.line}: {index} is there already, and is not what this statement would make",
        state=state_after(plan, step),
        hint=f"drop or rename the other one, or give the index of {plan.change} another name",
    )


def drop_invalid(session: Session, index: Name) -> None:
    """Drop an index that a failed build left, without a lock that anybody waits for; a valid one is not ours."""
    query = "SELECT NOT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(%s)"
    row = session.connection.execute(query, [quoted(index)]).fetchone()
    if row and row[0]:
        name = sql.Identifier(*(part for part in index if part is not None))
        session.connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(name))


def wait_for_orphan(session: Session, step: Step) -> None:
    """Wait until a killed runner's backend, if it still runs this very statement, has ended it."""
    query = """
        SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
          AND state <> 'idle' AND (query = %s OR pg_catalog.length(query) >= 100 AND pg_catalog.starts_with(%s, query))
    """
    start, told = session.limits.clock(), False
    while one(session.connection, query, [step.statements[0]] * 2)[0]:
        if not told:
            session.listener.note("the server still runs this statement for a runner that is gone; waiting for it")
            told = True
        if session.limits.clock() - start > session.limits.deadline:
            raise StepFailed(
                f"{step.path}:{step.line}: the server still runs this statement for a runner that is gone",
                state="the step is neither done nor undone",
                hint="wait, or end it: SELECT pid, query FROM pg_stat_activity WHERE state <> 'idle'",
            )
        session.limits.sleep(0.2)


def _definition_on_twin(connection: Connection, step: Step, table: int) -> str:
    """What pg_get_indexdef says of the statement's index, made on an empty temporary twin and rolled back.

    The twin has the table's own name, since an expression may say ``users.name``.
    """
    clauses = Clauses(step.statements[0])
    on = clauses.find("on")
    assert on is not None, "the grammar has read this CREATE INDEX"
    rest = clauses.text[_end_of_name(clauses, on.end) :]
    unique = sql.SQL("UNIQUE " if clauses.find("unique") else "")
    query = (
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = %s"
    )
    schema, name = one(connection, query, [table])
    twin = sql.Identifier("pg_temp", name)
    with connection.transaction(force_rollback=True):
        like = sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {})").format(sql.Identifier(name), sql.Identifier(schema, name))
        connection.execute(like)
        create = sql.SQL("CREATE {}INDEX zdmigrate_twin_index ON {} ").format(unique, twin)
        connection.execute(create.as_string(connection).encode() + rest.encode())
        query = "SELECT pg_catalog.pg_get_indexdef('pg_temp.zdmigrate_twin_index'::regclass)"
        return str(one(connection, query)[0])


def _end_of_name(clauses: Clauses, start: int) -> int:
    """Where the table's name after ON [ONLY] ends."""
    words = [word for word in clauses.words if word.start >= start and word.text != "only"]
    position = 0
    while words[position + 1].text == ".":
        position += 2
    return words[position].end


def _shape(definition: str) -> tuple[bool, str]:
    """An index definition without its names: whether it is unique, and all from its method on."""
    clauses = Clauses(definition)
    using = clauses.find("using")
    return clauses.find("unique") is not None, definition[using.start if using else 0 :]
