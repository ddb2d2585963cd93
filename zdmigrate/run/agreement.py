"""Alembic's own table and the ledger: what plain ``alembic upgrade`` and ``downgrade`` have done is taken note of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError
from zdmigrate.ledger.changes import correct, read_changes
from zdmigrate.ledger.record import record
from zdmigrate.ledger.states import State
from zdmigrate.run.lease import DDL, take_lease
from zdmigrate.run.order import is_complete
from zdmigrate.run.stamp import applied_by, heads_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change

_ENDED = """
    SELECT s.change, s.phase FROM zdmigrate.step AS s
    JOIN zdmigrate.change AS c ON (c.app, c.id) = (s.app, s.change) AND c.state IN ('expanding', 'contracting')
    WHERE s.app = %s AND s.state = 'done' AND EXISTS (
        SELECT FROM zdmigrate.event AS e
        WHERE (e.app, e.change, e.action, e.detail ->> 'phase') = (s.app, s.change, 'step', s.phase)
          AND (e.detail ->> 'step')::integer = s.position + 1 AND e.detail -> 'step' = e.detail -> 'of')
"""


class Differences(NamedTuple):
    """Revisions that Alembic's table has, or has not, otherwise than the ledger, in order."""

    run: tuple[str, ...]
    taken_back: tuple[str, ...]


def agree(target: Target, changes: Sequence[Change]) -> None:
    """Correct the ledger by what Alembic's table says, under the lease; nothing for changes of other tools."""
    with target.connect("agree") as connection:
        if not any(differences(connection, target.app, changes)):
            return
        with take_lease(target.dsn, DDL, "taking note of what Alembic has run") as lease, connection.transaction():
            lease.guard(connection)
            found = differences(connection, target.app, changes)
            _correct(connection, target.app, found)
    if found.run:
        target.listener.note(f"Alembic has run {', '.join(found.run)}: noted as done")
    if found.taken_back:
        target.listener.note(f"Alembic has taken back {', '.join(found.taken_back)}: noted as reverted")


def differences(connection: Connection, app: str, changes: Sequence[Change]) -> Differences:
    """Raises UsageError where Alembic's table is gone, or has a revision that is in no file."""
    revision = next((change.revision for change in changes if change.revision), None)
    if revision is None:
        return Differences((), ())
    rows = read_changes(connection, app)
    heads = heads_in(connection, revision.version_table)
    if heads is None and any(is_complete(change, rows.get(change.id)) for change in changes):
        raise UsageError(
            f"Alembic's table {revision.version_table} is not in this database, and by the ledger revisions are",
            state="nothing was run",
            hint="is its schema on the search_path, and is version_table in env.py the one that it was?",
        )
    applied = applied_by(heads or (), changes)
    ended = _ended(connection, app)
    return Differences(
        tuple(each.id for each in changes if each.id in applied and _is_news(each, rows.get(each.id), ended)),
        tuple(each.id for each in changes if each.id not in applied and is_complete(each, rows.get(each.id))),
    )


def _is_news(change: Change, row: ChangeRow | None, ended: frozenset[tuple[str, str]]) -> bool:
    """Whether a revision that is in the database got there past the ledger: no step of ours says that it did."""
    if row is None or row.state == State.REVERTED:
        return True
    if is_complete(change, row) or row.state == State.REVERTING:
        return False
    return (change.id, "contract" if change.revision and change.revision.contracts else "expand") not in ended


def _ended(connection: Connection, app: str) -> frozenset[tuple[str, str]]:
    """Phases under way whose last step is done; the step's own entry in the record says that it was the last."""
    return frozenset(connection.execute(_ENDED, [app]).fetchall())


def _correct(connection: Connection, app: str, found: Differences) -> None:
    for name in found.run:
        correct(connection, app, name, State.CONTRACTED)
    for name in found.taken_back:
        correct(connection, app, name, State.REVERTED)
    record(connection, "alembic", app=app, run=list(found.run), taken_back=list(found.taken_back))
