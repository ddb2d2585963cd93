"""zdmigrate status: where everything stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.registry import Release
    from zdmigrate.live.sighting import Sighting
    from zdmigrate.live.verdict import Verdict
    from zdmigrate.sources.change import Change


class Standing(NamedTuple):
    """Everything that status shows."""

    rows: dict[str, ChangeRow]
    pending: dict[str, int]
    releases: Sequence[Release]
    seen: Sequence[Sighting]
    verdicts: Sequence[Verdict]
    leases: Sequence[tuple[str, dict[str, Any], str]]


@click.command()
@database
@common("gate.rollback_window", "gate.lost_window", "gate.heartbeat_ttl", "gate.same_release")
def command(config: Config, console: Console, dsn: str) -> None:
    """Show changes by phase, releases, live versions, and what each gate waits for.

    \b
    Example:
      zdmigrate status
    """
    from zdmigrate.cli.ledger_session import open_ledger

    changes = _readable(config, console)
    with open_ledger(dsn, "status") as connection:
        standing = _read(connection, config, changes)
    if console.is_json:
        console.json(_as_json(config, changes, standing))
    else:
        console.result(_text(config, changes, standing))


def _readable(config: Config, console: Console) -> tuple[Change, ...]:
    """The folder's changes; a file that cannot be read is told, and must not hide what the ledger knows."""
    from zdmigrate.cli.target import changes_of
    from zdmigrate.errors import InputError

    if not Path(config.dir).is_dir():
        return ()
    try:
        return changes_of(config)
    except InputError as error:
        console.warn(f"{error.sentence}; what follows is the ledger alone")
        return ()


def _read(connection: Connection, config: Config, changes: Sequence[Change]) -> Standing:
    from zdmigrate.ledger.changes import read_changes
    from zdmigrate.live.instances import list_instances
    from zdmigrate.live.observe import observe
    from zdmigrate.live.registry import list_releases
    from zdmigrate.run.lease import held_leases

    app = config.app
    pending = connection.execute(
        "SELECT change, count(*) FROM zdmigrate.pending WHERE app = %s GROUP BY change", [app]
    ).fetchall()
    observe(connection, config)
    rows, releases = read_changes(connection, app), list_releases(connection, app)
    return Standing(
        rows=rows,
        pending=dict(pending),
        releases=releases,
        seen=list_instances(connection, config),
        verdicts=_verdicts(connection, config, changes, rows, releases),
        leases=held_leases(connection),
    )


def _verdicts(
    connection: Connection,
    config: Config,
    changes: Sequence[Change],
    rows: dict[str, ChangeRow],
    releases: Sequence[Release],
) -> list[Verdict]:
    """What the gate of each change that waits for its contract says to the release registered last."""
    from zdmigrate.ledger.states import State
    from zdmigrate.live.gate import ask_gate

    if not releases:
        return []
    return [
        ask_gate(connection, config, config.app, change.id, releases[-1].version)
        for change in changes
        if change.id in rows
        and rows[change.id].state == State.EXPANDED
        and any(section.name == "contract" for section in change.sections)
    ]


def _text(config: Config, changes: Sequence[Change], standing: Standing) -> str:
    from zdmigrate.cli import live_table, release_table
    from zdmigrate.cli.tables import draw
    from zdmigrate.cli.verdict import render

    parts = [draw(["Change", "State", "Release", "Since", "Next"], _rows(changes, standing))]
    parts.append(release_table.render(config.app, standing.releases))
    retired = frozenset(release.version for release in standing.releases if release.retired)
    parts.append(live_table.render(config.app, standing.seen, retired))
    parts += [render(verdict) for verdict in standing.verdicts]
    for name, holder, since in standing.leases:
        who = f"{holder['user']}@{holder['host']}, process {holder['pid']}"
        parts.append(f"The lease {name!r} is held by {who}, doing {holder['doing']}, since {since}.")
    return "\n\n".join(parts)


def _rows(changes: Sequence[Change], standing: Standing) -> list[list[str]]:
    known = {change.id for change in changes}
    rows = [_row(change.id, change, standing) for change in changes]
    rows += [_row(name, None, standing) for name in standing.rows if name not in known]
    return rows or [["none yet", "", "", "", "zdmigrate new NAME"]]


def _row(name: str, change: Change | None, standing: Standing) -> list[str]:
    row = standing.rows.get(name)
    if row is None:
        return [name, "not applied", "", "", "zdmigrate apply --phase expand"]
    since = "before zdmigrate" if row.baseline else f"{row.since.astimezone():%Y-%m-%d %H:%M}"
    return [name, row.state.value, row.bound_to or "", since, next_for(row, change, standing.pending.get(name, 0))]


def next_for(row: ChangeRow, change: Change | None, pending: int) -> str:
    """What a person does next about a change; empty where there is nothing to do."""
    from zdmigrate.ledger.states import State

    if change is None and row.state not in (State.CONTRACTED, State.REVERTED):
        return "its file is not in this folder"
    contracts = change is not None and any(section.name == "contract" for section in change.sections)
    return {
        State.EXPANDING: f"zdmigrate apply --phase expand ({counted(pending, 'step')} left)",
        State.EXPANDED: "zdmigrate apply --phase contract, in a later release" if contracts else "",
        State.CONTRACTING: "zdmigrate apply --phase contract",
        State.CONTRACTED: "",
        State.REVERTING: f"zdmigrate revert {row.id}",
        State.REVERTED: "",
    }[row.state]


def _as_json(config: Config, changes: Sequence[Change], standing: Standing) -> dict[str, Any]:
    from zdmigrate.cli import live_table, release_table
    from zdmigrate.cli.verdict import as_json

    retired = frozenset(release.version for release in standing.releases if release.retired)
    names = [change.id for change in changes]
    names += [name for name in standing.rows if name not in set(names)]
    return {
        "version": 1,
        "app": config.app,
        "changes": [_change_json(name, standing) for name in names],
        "releases": release_table.as_json(config.app, standing.releases)["releases"],
        "instances": live_table.as_json(config.app, standing.seen, retired)["instances"],
        "gates": [as_json(verdict) for verdict in standing.verdicts],
        "leases": [{"name": name, "since": since, **holder} for name, holder, since in standing.leases],
    }


def _change_json(name: str, standing: Standing) -> dict[str, Any]:
    row = standing.rows.get(name)
    return {
        "change": name,
        "state": row.state.value if row else None,
        "release": row.bound_to if row else None,
        "since": row.since.isoformat() if row else None,
        "baseline": row.baseline if row else False,
        "steps_left": standing.pending.get(name, 0),
    }
