"""What stands on what: a revision of Alembic's runs when all those that it stands on are in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.ledger.changes import read_changes
from zdmigrate.ledger.states import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.sources.change import Change


class Waiting(NamedTuple):
    """A change that cannot run yet, and those that it stands on: ``contracts`` wait for their gates."""

    change: str
    contracts: tuple[str, ...]
    expands: tuple[str, ...]

    @property
    def sentence(self) -> str:
        if not self.contracts:
            return f"{self.change} waits for {_names(self.expands)}, which it stands on"
        return (
            f"{self.change} waits for the contract {_names(self.contracts)}, which it stands on: in one line of "
            f"revisions everything behind a contract waits for it, and on a branch of its own a contract stops nobody"
        )

    def to_json(self) -> dict[str, object]:
        return {"change": self.change, "contracts": list(self.contracts), "expands": list(self.expands)}


class Order:
    """Which changes are in the database as a whole, kept up while they run. Changes of other tools wait for nothing."""

    def __init__(self, connection: Connection, app: str, changes: Sequence[Change]) -> None:
        rows = read_changes(connection, app)
        self._contracts = {change.id for change in changes if change.revision and change.revision.contracts}
        self._done = {change.id for change in changes if is_complete(change, rows.get(change.id))}

    def waiting(self, change: Change) -> Waiting | None:
        """What a change has to wait for; None where it may run."""
        if change.revision is None:
            return None
        missing = [name for name in change.revision.after if name not in self._done]
        contracts = tuple(name for name in missing if name in self._contracts)
        expands = tuple(name for name in missing if name not in self._contracts)
        return Waiting(change.id, contracts, expands) if missing else None

    def to_expand(self, change: Change) -> Waiting | None:
        """The same for its expand, of which a contract has none to speak of."""
        return None if change.id in self._contracts else self.waiting(change)

    def expanded(self, change: Change) -> None:
        if change.id not in self._contracts:
            self._done.add(change.id)

    def contracted(self, change: Change) -> None:
        self._done.add(change.id)


def is_complete(change: Change, row: ChangeRow | None) -> bool:
    """Whether all that Alembic would have run of a revision was run."""
    contracts = change.revision is not None and change.revision.contracts
    return row is not None and (row.state == State.CONTRACTED or (row.state == State.EXPANDED and not contracts))


def _names(names: Sequence[str]) -> str:
    return " and ".join(names)
