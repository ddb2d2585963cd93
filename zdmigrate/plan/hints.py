"""What a person does about a refused statement, in the words of the tool whose file it is in."""

from __future__ import annotations

from typing import NamedTuple


class Hints(NamedTuple):
    """``unmarked`` begins the sentence of a refusal; the others are imperatives."""

    unmarked: str
    mark: str
    contract: str  # with {rule} in it
    leave_transaction: str


NATIVE = Hints(
    unmarked="this file has no sections",
    mark="put it under -- zdmigrate: contract, and what must come before it under -- zdmigrate: expand",
    contract="put it under -- zdmigrate: contract; or above it: -- zdmigrate: allow {rule} because …",
    leave_transaction="move it out of BEGIN … COMMIT, DO and functions",
)
HINTS = {
    "alembic": Hints(
        unmarked="this revision says no phase",
        mark='write zd_phase = "contract" in it, and what must come before in a revision with zd_phase = "expand"',
        contract='move it to a revision with zd_phase = "contract"; or above it: # zdmigrate: allow {rule} because …',
        leave_transaction="put it into: with op.get_context().autocommit_block():",
    )
}
