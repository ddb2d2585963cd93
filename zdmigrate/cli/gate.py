"""``zdmigrate gate``: the gate for teams whose own tool runs the SQL."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.seconds import seconds_or_none
from zdmigrate.errors import UsageError
from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.live.verdict import Verdict
    from zdmigrate.run.target import Target

NOT_YET = 3
POLL = 5.0  # seconds between two looks of --wait


@click.command()
@click.argument("changes", nargs=-1, required=True, metavar="CHANGE…")
@click.option("--release", metavar="VERSION", help="The release that contracts. [default: the one registered last]")
@click.option("--wait", callback=seconds_or_none, metavar="DURATION", help="Wait so long for a shut gate, as in 45min.")
@click.option("--expanded", is_flag=True, help="Record that your tool has run the expands and backfills of these.")
@click.option("--needs", multiple=True, metavar="RELEASE", help='With --expanded: "billing 7.2", of another app.')
@click.option("--contracted", is_flag=True, help="Record that your tool has run the contracts of these.")
@database
@common(
    "source_section",
    "lock_budget",
    "gate.rollback_window",
    "gate.lost_window",
    "gate.heartbeat_ttl",
    "gate.same_release",
)
def command(
    config: Config,
    console: Console,
    dsn: str,
    changes: tuple[str, ...],
    release: str | None,
    wait: float,
    expanded: bool,
    needs: tuple[str, ...],
    contracted: bool,
) -> int:
    """May the contracts of these changes run now? Runs nothing itself.

    Exit code 0: yes, for all of them, and versions that are old for them are retired from now on. 3: not yet.

    \b
    Examples:
      zdmigrate gate --expanded 0041_full_name
      zdmigrate gate 0041_full_name --release 7.3 --wait 45min
      zdmigrate gate --contracted 0041_full_name
    """
    from zdmigrate.cli.target import target_of

    _refuse_mixed(expanded, contracted, release, wait, needs)
    target = target_of(dsn, config, console)
    if expanded or contracted:
        return _record(target, console, changes, needs, expanded=expanded)
    return _ask(target, console, changes, release, wait)


def _refuse_mixed(expanded: bool, contracted: bool, release: str | None, wait: float, needs: Sequence[str]) -> None:
    """Raise UsageError for options that do nothing together: whoever wrote them expects something."""
    if expanded and contracted:
        raise UsageError(
            "--expanded and --contracted are two things", hint="record the expand before the gate is asked"
        )
    if (expanded or contracted) and (release or wait):
        raise UsageError("--release and --wait ask the gate; --expanded and --contracted only record", hint="leave one")
    if needs and not expanded:
        raise UsageError("--needs goes with --expanded", hint='--expanded --needs "billing 7.2"')


def _record(target: Target, console: Console, changes: Sequence[str], needs: Sequence[str], *, expanded: bool) -> int:
    from zdmigrate.live.elsewhere import record_contracted, record_expanded

    with target.connect("gate") as connection:
        if expanded:
            new = record_expanded(connection, target.app, changes, [_need(text) for text in needs])
        else:
            new = record_contracted(connection, target.app, changes)
    done = "expanded" if expanded else "contracted"
    if console.is_json:
        console.json({"version": 1, "app": target.app, "recorded": list(new), "state": done})
    else:
        console.say(
            f"{', '.join(new)} recorded as {done}" if new else f"recorded as {done} before: {', '.join(changes)}"
        )
    return 0


def _need(text: str) -> tuple[str, str]:
    app, _, version = text.strip().partition(" ")
    if not app or not version.strip():
        raise UsageError(f"--needs {text!r} is no release of an app", hint='write it as --needs "billing 7.2"')
    return app, version.strip()


def _ask(target: Target, console: Console, changes: Sequence[str], release: str | None, limit: float) -> int:
    from zdmigrate.live.elsewhere import refuse_ungated
    from zdmigrate.live.roles import end_sessions
    from zdmigrate.run.contract import last_release

    deadline = time.monotonic() + limit
    with target.connect("gate") as connection:
        version = release or last_release(connection, target.app)
        due = refuse_ungated(connection, target.app, changes)
        end_sessions(connection, target.config)  # whoever asked before may have died between the fence and this
    verdicts: tuple[Verdict, ...] = ()
    if due:
        verdicts = _decide(target, due, version)
        told: object = None
        while not _open(verdicts) and time.monotonic() < deadline:
            told = _say_what_is_new(console, verdicts, told)
            _pause(verdicts, deadline)
            verdicts = _decide(target, due, version)
    _tell(target, console, changes, due, verdicts)
    return 0 if _open(verdicts) else NOT_YET


def _decide(target: Target, changes: Sequence[str], release: str) -> tuple[Verdict, ...]:
    """Look and judge; only where every gate is open, with the lease and the preflight of those who run, for good."""
    from zdmigrate.live.gate import ask_gate
    from zdmigrate.live.observe import observe
    from zdmigrate.live.shut import note_shut
    from zdmigrate.run.elsewhere import close_gates

    with target.connect("gate") as connection:
        observe(connection, target.config)
        verdicts = tuple(ask_gate(connection, target.config, target.app, change, release) for change in changes)
        note_shut(connection, verdicts)
    return close_gates(target, changes, release) if _open(verdicts) else verdicts


def _open(verdicts: Sequence[Verdict]) -> bool:
    return all(verdict.open for verdict in verdicts)


def _pause(verdicts: Sequence[Verdict], deadline: float) -> None:
    lefts = [verdict.seconds_left for verdict in verdicts if verdict.seconds_left]
    time.sleep(max(0.2, min(POLL, *lefts, deadline - time.monotonic())))


def _say_what_is_new(console: Console, verdicts: Sequence[Verdict], told: object) -> object:
    """One line for each change of what is in the way: a wait of 45 minutes must not print 540."""
    reasons = [(reason.code, reason.version, reason.instance) for verdict in verdicts for reason in verdict.reasons]
    if reasons != told:
        codes = ", ".join(dict.fromkeys(code for code, _, _ in reasons))
        console.say(f"waiting: {codes} ({counted(len(reasons), 'reason')})")
    return reasons


def _tell(
    target: Target, console: Console, changes: Sequence[str], due: Sequence[str], verdicts: Sequence[Verdict]
) -> None:
    begun = [change for change in changes if change not in due]
    if console.is_json:
        from zdmigrate.cli.verdict import as_json

        gates = [as_json(verdict) for verdict in verdicts]
        console.json({"version": 1, "app": target.app, "open": _open(verdicts), "begun": begun, "gates": gates})
        return
    if verdicts:
        from zdmigrate.cli.verdict import render_all

        console.result(render_all(verdicts))
    for change in begun:
        console.result(f"The contract of {change} has begun before: it may run.")
