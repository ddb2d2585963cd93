"""Closes fences for contracts that another tool runs: under the lease, and with what preflight can know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.live.fence import close_fences
from zdmigrate.run.lease import DDL, take_lease
from zdmigrate.run.preflight import preflight
from zdmigrate.run.session import Session, between_steps
from zdmigrate.sources.revisions import changes_to_run, is_there

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.live.verdict import Verdict
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def close_gates(target: Target, changes: Sequence[str], release: str) -> tuple[Verdict, ...]:
    """Close the fences of all these changes, or of none. Raises NotLocked while a runner holds the lease."""
    files = _files(target)
    with take_lease(target.dsn, DDL, f"gate {' '.join(changes)}") as lease:
        session = Session(lease, target.limits, target.listener)
        try:
            with between_steps(session, f"at the gate of {', '.join(changes)}"):
                found = {
                    change: tuple(preflight(target, session, files[change])) if change in files else ()
                    for change in changes
                }
                return close_fences(session.connection, target.config, target.app, found, release)
        finally:
            session.close()


def _files(target: Target) -> dict[str, Change]:
    """The change files, where there are any: another tool's folder need not be one that can be read as such."""
    if not is_there(target.config):
        return {}
    try:
        return {change.id: change for change in changes_to_run(target.config)}
    except InputError:
        return {}
