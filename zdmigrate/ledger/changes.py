"""Changes in the ledger: their state, their release, and what is left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from zdmigrate.errors import UsageError
from zdmigrate.ledger.record import record
from zdmigrate.ledger.states import State, may_follow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from zdmigrate.ledger.connection import Connection


class ChangeRow(NamedTuple):
    """A change as the ledger has it. ``bound_to`` is a release's version, or None before one was registered."""

    id: str
    state: State
    baseline: bool
    bound_to: str | None
    contract_plan: dict[str, Any] | None
    since: datetime


_COLUMNS = "id, state, baseline, bound_to, contract_plan, since"


def read_changes(connection: Connection, app: str) -> dict[str, ChangeRow]:
    """Every change of ``app`` that the ledger knows, by id."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM zdmigrate.change WHERE app = %s", [app])
    return {row[0]: ChangeRow(row[0], State(row[1]), *row[2:]) for row in rows}


def read_change(connection: Connection, app: str, change: str) -> ChangeRow | None:
    """One change of ``app``, or None if it was never begun."""
    return read_changes(connection, app).get(change)


def move(connection: Connection, app: str, change: str, after: State, *, rewritten: bool = True, **detail: Any) -> None:
    """Bring a change to a state that may follow its present one, and record it; the row is made if need be.

    A change that was reverted and ``rewritten`` since is bound anew, to the release registered last: the ones before
    it know another one by this name. Takes a row lock and belongs in the caller's transaction. Raises UsageError for a
    transition that states.py does not have: two commands crossed.
    """
    row = connection.execute(
        "SELECT state FROM zdmigrate.change WHERE app = %s AND id = %s FOR UPDATE", [app, change]
    ).fetchone()
    before = State(row[0]) if row else None
    if not may_follow(before, after):
        raise UsageError(
            f"change {change} is {before or 'not begun'} and cannot become {after}",
            state="nothing was changed by this command",
            hint="zdmigrate status shows where every change stands",
        )
    if before == after:
        record(connection, "resumed", app=app, change=change, state=after.value, **detail)
        return
    connection.execute(
        "INSERT INTO zdmigrate.change (app, id, state, bound_to) VALUES (%(app)s, %(id)s, %(state)s, ("
        " SELECT version FROM zdmigrate.release WHERE app = %(app)s AND %(id)s = ANY (changes)"
        " ORDER BY position LIMIT 1))"
        " ON CONFLICT (app, id) DO UPDATE SET state = excluded.state, since = pg_catalog.clock_timestamp(),"
        " bound_to = CASE WHEN change.state = 'reverted' AND %(rewritten)s THEN ("
        "  SELECT version FROM zdmigrate.release WHERE app = %(app)s AND %(id)s = ANY (changes)"
        "  ORDER BY position DESC LIMIT 1) ELSE coalesce(change.bound_to, excluded.bound_to) END",
        {"app": app, "id": change, "state": after.value, "rewritten": rewritten},
    )
    record(connection, after.value, app=app, change=change, **detail)


def baseline(connection: Connection, app: str, changes: Sequence[str]) -> None:
    """Note changes that were there before the ledger was: contracted, and never to be run.

    One that was begun by mistake, and of which no step is done, is taken over, too.
    """
    for change in changes:
        connection.execute(
            "INSERT INTO zdmigrate.change (app, id, state, baseline) VALUES (%s, %s, 'contracted', true)"
            " ON CONFLICT (app, id) DO UPDATE SET state = 'contracted', baseline = true"
            " WHERE change.state = 'expanding' AND NOT EXISTS ("
            "  SELECT FROM zdmigrate.step AS s WHERE s.app = change.app AND s.change = change.id AND s.state = 'done')",
            [app, change],
        )
    if changes:
        record(connection, "baseline", app=app, changes=list(changes))


def correct(connection: Connection, app: str, change: str, state: State) -> None:
    """Note that another tool has run a change (contracted) or taken it back (reverted), whatever was known of it."""
    connection.execute(
        "INSERT INTO zdmigrate.change (app, id, state, baseline) VALUES (%s, %s, %s, true)"
        " ON CONFLICT (app, id) DO UPDATE SET state = excluded.state, baseline = true, shape = NULL,"
        " since = pg_catalog.clock_timestamp()",
        [app, change, state.value],
    )
    forget_steps(connection, app, change)


def store_contract(connection: Connection, app: str, change: str, plan: dict[str, Any]) -> None:
    """Keep the contract's plan as it was reviewed; a difference is shown when the contract is due."""
    connection.execute(
        "UPDATE zdmigrate.change SET contract_plan = %s WHERE app = %s AND id = %s", [Jsonb(plan), app, change]
    )


def write_needs(connection: Connection, app: str, change: str, needs: Sequence[tuple[str, str]]) -> None:
    """Keep which releases of other apps a contract needs, as its file says now: the gate judges by it."""
    connection.execute(
        "UPDATE zdmigrate.change SET needs = %s WHERE app = %s AND id = %s",
        [Jsonb([list(need) for need in needs]), app, change],
    )


def write_sections(connection: Connection, app: str, change: str, checksums: dict[tuple[str, int], str]) -> None:
    """Keep the checksums of sections that are about to run, by name and place in the file."""
    for (name, ordinal), checksum in checksums.items():
        connection.execute(
            "INSERT INTO zdmigrate.section (app, change, name, ordinal, checksum) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (app, change, name, ordinal) DO UPDATE SET checksum = excluded.checksum",
            [app, change, name, ordinal, checksum],
        )


def read_sections(connection: Connection, app: str, change: str) -> dict[tuple[str, int], str]:
    """The checksums of a change's sections as they were when they ran, by name and place in the file."""
    query = "SELECT name, ordinal, checksum FROM zdmigrate.section WHERE app = %s AND change = %s"
    return {(name, ordinal): checksum for name, ordinal, checksum in connection.execute(query, [app, change])}


def write_pending(connection: Connection, app: str, change: str, positions: dict[int, bool]) -> None:
    """Keep which steps of an expand are still to be done, and whether `ready` may do without them."""
    connection.execute("DELETE FROM zdmigrate.pending WHERE app = %s AND change = %s", [app, change])
    for position, optional in positions.items():
        connection.execute(
            "INSERT INTO zdmigrate.pending (app, change, position, optional) VALUES (%s, %s, %s, %s)",
            [app, change, position, optional],
        )


def forget_steps(connection: Connection, app: str, change: str) -> None:
    """A reverted change begins anew: its steps, its backfill's place and what was pending are gone."""
    for table in ("step", "pending", "backfill"):
        query = sql.SQL("DELETE FROM zdmigrate.{} WHERE app = %s AND change = %s").format(sql.Identifier(table))
        connection.execute(query, [app, change])
