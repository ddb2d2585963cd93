"""zdmigrate status: where everything stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.seconds import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.run.standing import Standing
    from zdmigrate.sources.change import Change


@click.command()
@click.option("--watch", is_flag=True, help="Go on showing it, and what the record gets, until interrupted.")
@click.option("--every", default="2s", show_default=True, callback=seconds, metavar="TIME", help="How often to look.")
@database
@common(
    "source_section",
    "contract_within",
    "gate.rollback_window",
    "gate.lost_window",
    "gate.heartbeat_ttl",
    "gate.same_release",
)
def command(config: Config, console: Console, dsn: str, watch: bool, every: float) -> None:
    """Show changes by phase, releases, live versions, and what each gate waits for.

    With --watch a terminal is drawn anew all the time; elsewhere each entry of the record is a line, and so is a
    backfill's place. As JSON, each look is a line.

    \b
    Examples:
      zdmigrate status
      zdmigrate status --watch        (from another terminal, while an apply runs)
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.run.standing import read_standing

    changes = readable(config, console)
    if watch:
        from zdmigrate.cli.status_watch import keep_showing

        keep_showing(dsn, config, console, changes, every)
        return
    with open_ledger(dsn, "status") as connection:
        standing = read_standing(connection, config, changes)
    if console.is_json:
        console.json(as_json(config, changes, standing))
    else:
        console.result(text(config, changes, standing))


def readable(config: Config, console: Console) -> tuple[Change, ...]:
    """The folder's changes; a file that cannot be read is told, and must not hide what the ledger knows."""
    from zdmigrate.cli.target import changes_of
    from zdmigrate.errors import InputError
    from zdmigrate.sources.revisions import is_there

    if not is_there(config):
        return ()
    try:
        return changes_of(config)
    except InputError as error:
        console.warn(f"{error.sentence}; what follows is the ledger alone")
        return ()


def text(config: Config, changes: Sequence[Change], standing: Standing) -> str:
    """All of it, as a person reads it."""
    from zdmigrate.cli import live_table, release_table
    from zdmigrate.cli.tables import draw
    from zdmigrate.cli.verdict import render

    parts = [draw(["Change", "State", "Release", "Since", "Next"], _rows(changes, standing))]
    parts.append(release_table.render(config.app, standing.releases))
    retired = frozenset(release.version for release in standing.releases if release.retired)
    parts.append(live_table.render(config.app, standing.seen, retired))
    parts += [render(verdict) for verdict in standing.verdicts]
    parts += [f"warning: {each.sentence}\nnext: zdmigrate apply --phase contract" for each in standing.overdue]
    parts += [each.sentence for each in standing.backfills]
    parts += [_aside(change, rows) for change, rows in standing.aside.items()]
    for name, holder, since in standing.leases:
        who = f"{holder['user']}@{holder['host']}, process {holder['pid']}"
        parts.append(f"The lease {name!r} is held by {who}, doing {holder['doing']}, since {since}.")
    return "\n\n".join(parts)


def _aside(change: str, rows: int) -> str:
    many = "row could not be filled and is" if rows == 1 else "rows could not be filled and are"
    return (
        f"warning: {rows} {many} left aside, so the contract of {change} is refused: mend what is wrong in them\n"
        f"next: zdmigrate apply --phase backfill   (tries them again, and names those that are left)"
    )


def _rows(changes: Sequence[Change], standing: Standing) -> list[list[str]]:
    known = {change.id for change in changes}
    rows = [_row(change.id, change, standing) for change in changes]
    rows += [_row(name, None, standing) for name in standing.rows if name not in known]
    return rows or [["none yet", "", "", "", "zdmigrate new NAME"]]


def _row(name: str, change: Change | None, standing: Standing) -> list[str]:
    row = standing.rows.get(name)
    if row is None:
        return [name, "not applied", "", "", "zdmigrate apply --phase expand"]
    from zdmigrate.run.standing import next_for

    since = "before zdmigrate" if row.baseline else f"{row.since.astimezone():%Y-%m-%d %H:%M}"
    return [name, row.state.value, row.bound_to or "", since, next_for(row, change, standing.pending.get(name, 0))]


def as_json(config: Config, changes: Sequence[Change], standing: Standing) -> dict[str, Any]:
    """The same, for scripts."""
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
        "overdue": [
            {"change": each.change, "state": each.state, "since": each.since.isoformat(), "seconds": each.seconds}
            for each in standing.overdue
        ],
        "backfills": [
            {**each._asdict(), "seconds_left": each.seconds_left, "step": each.step} for each in standing.backfills
        ],
        "aside": [{"change": change, "rows": rows} for change, rows in standing.aside.items()],
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
