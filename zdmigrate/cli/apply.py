"""zdmigrate apply: run what is due."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from zdmigrate.cli.listening import listening, metrics_file
from zdmigrate.cli.options import common, database
from zdmigrate.cli.signals import stop_on_sigterm
from zdmigrate.cli.target import changes_of, no_queries, target_of
from zdmigrate.config_keys import TUNABLE
from zdmigrate.duration import Duration
from zdmigrate.errors import UsageError
from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.run.outcome import Outcome
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change

NOT_YET = 3
POLL = 5.0  # seconds between two looks of --wait


@click.command()
@click.option(
    "--phase", required=True, type=click.Choice(["expand", "backfill", "contract", "all"]), help="What to run."
)
@click.option("--release", metavar="VERSION", help="The release being deployed. [default: ZDMIGRATE_RELEASE, then git]")
@click.option("--no-backfill", is_flag=True, help="Stop each change before its first backfill.")
@click.option("--wait", "wait_for", metavar="DURATION", help="Wait so long for shut gates (contract), as in 45min.")
@click.option("--if-open", is_flag=True, help="Exit with 0 even if a gate was shut.")
@click.option("--dry-run", is_flag=True, help="Show the plan; run nothing.")
@click.option("--force", is_flag=True, help="Contract in spite of the gate. The lease, the locks and preflight hold.")
@click.option("--accept-changes", is_flag=True, help="Contract tables that others have altered since expand.")
@click.option("--reason", help="Why, with --force or --accept-changes; it is recorded.")
@click.option("--again", is_flag=True, help="Expand a reverted change whose file has not changed.")
@no_queries
@metrics_file
@database
@common(
    "source_section",
    "lock_budget",
    "lock_deadline",
    "disk_free",
    "out_of_order",
    *TUNABLE,
    "backfill.on_row_error",
    "backfill.guard_action",
    "gate.rollback_window",
    "gate.lost_window",
    "gate.heartbeat_ttl",
    "gate.same_release",
    logs=True,
)
def command(config: Config, console: Console, dsn: str, metrics_file: str | None, **given: Any) -> int:
    """Run what is due: expand before the deploy, contract when nobody needs the old side any more.

    \b
    Examples:
      zdmigrate apply --phase expand --release 7.2
      zdmigrate apply --phase contract --release 7.3 --wait 45min
      zdmigrate apply --phase all              (a database that nobody uses yet)
    """
    asked = Asked(**given)
    _refuse_misfits(asked)
    limit = _duration(asked.wait_for)
    stop_on_sigterm()
    with listening(console, config.app, metrics_file) as heard:
        target = target_of(dsn, config, console, queries=not asked.no_queries, listener=heard.listener)
        heard.exit_code = _run(target, console, changes_of(config), asked, limit)
    return heard.exit_code


def _run(target: Target, console: Console, changes: Sequence[Change], asked: Asked, limit: float) -> int:
    if asked.dry_run:
        _dry_run(target, console, changes, asked.phase)
    elif asked.phase in ("expand", "backfill"):
        outcome = _expand(target, console, changes, asked)
        if any(each.contracts for each in outcome.waiting):
            return NOT_YET
    elif asked.phase == "contract":
        outcome = _contract(target, console, changes, asked, limit)
        if outcome.refused and not asked.if_open:
            return NOT_YET
    else:
        _all(target, console, changes, asked.again)
    return 0


class Asked(NamedTuple):
    """The command's own options, as they were given."""

    phase: str
    release: str | None
    no_backfill: bool
    wait_for: str | None
    if_open: bool
    dry_run: bool
    force: bool
    accept_changes: bool
    reason: str | None
    again: bool
    no_queries: bool


def _refuse_misfits(asked: Asked) -> None:
    """Raise UsageError for an option without its companion, or in a phase in which it would do nothing."""
    if asked.force and not asked.reason:
        raise UsageError("--force needs --reason: it is recorded", hint='--reason "billing was shut down in May"')
    if asked.accept_changes and not asked.reason:
        raise UsageError("--accept-changes needs --reason: it is recorded", hint='--reason "a DBA added the index"')
    _refuse_idle_options(
        asked.phase,
        {
            "--no-backfill": (asked.no_backfill, ("expand",)),
            "--again": (asked.again, ("expand", "all")),
            "--wait": (asked.wait_for is not None, ("contract",)),
            "--if-open": (asked.if_open, ("contract",)),
            "--force": (asked.force, ("contract",)),
            "--accept-changes": (asked.accept_changes, ("contract",)),
        },
    )


def _refuse_idle_options(phase: str, given: Mapping[str, tuple[bool, tuple[str, ...]]]) -> None:
    """Raise UsageError for an option that would do nothing in this phase: whoever wrote it expects something."""
    for option, (is_given, phases) in given.items():
        if is_given and phase not in phases:
            raise UsageError(
                f"{option} does nothing with --phase {phase}",
                state="nothing was run",
                hint=f"it goes with --phase {' or '.join(phases)}",
            )


def _expand(target: Target, console: Console, changes: Sequence[Change], asked: Asked) -> Outcome:
    from zdmigrate.cli.release_name import release_name
    from zdmigrate.live.registry import register_release
    from zdmigrate.run.expand import expand

    def register() -> None:
        with target.connect("release") as connection:
            registered = register_release(connection, target.app, version, [change.id for change in changes])
        if registered.new:
            console.say(f"release {version} of {target.app} is registered, with {counted(len(changes), 'change')}")

    if asked.phase == "backfill":
        outcome = expand(target, changes, begun_only=True)
    else:
        version = release_name(asked.release, console)
        outcome = expand(target, changes, backfill=not asked.no_backfill, again=asked.again, before=register)
    _tell(console, outcome)
    return outcome


def _contract(target: Target, console: Console, changes: Sequence[Change], asked: Asked, limit: float) -> Outcome:
    from zdmigrate.run.contract import contract

    version = _contracting_release(target, console, changes, asked.release)
    whys = {
        "forced_why": asked.reason if asked.force else None,
        "accepted_why": asked.reason if asked.accept_changes else None,
    }
    deadline = time.monotonic() + limit
    outcome = contract(target, changes, version, **whys)
    while outcome.refused and time.monotonic() < deadline:
        lefts = [verdict.seconds_left for verdict in outcome.refused]
        console.say(f"waiting for {_names([verdict.change for verdict in outcome.refused])} …")
        pause = min(POLL, *(left for left in lefts if left), deadline - time.monotonic())
        time.sleep(max(pause, 0.2))
        before, outcome = outcome, contract(target, changes, version, **whys)
        outcome.contracted[:0] = before.contracted
    _tell(console, outcome)
    return outcome


def _contracting_release(target: Target, console: Console, changes: Sequence[Change], release: str | None) -> str:
    """W: registered if it is new; without one, the release registered last."""
    import os

    from zdmigrate.live.registry import register_release
    from zdmigrate.run.contract import last_release

    version = release or os.environ.get("ZDMIGRATE_RELEASE")
    with target.connect("release") as connection:
        if version is None:
            version = last_release(connection, target.app)
            console.say(f"release: {version}, the one registered last")
        else:
            registered = register_release(connection, target.app, version, [change.id for change in changes])
            if registered.new:
                console.say(f"release {version} of {target.app} is registered, with {counted(len(changes), 'change')}")
    return version


def _all(target: Target, console: Console, changes: Sequence[Change], again: bool) -> None:
    from zdmigrate.run.all_phases import run_all

    _tell(console, run_all(target, changes, again=again))


def _dry_run(target: Target, console: Console, changes: Sequence[Change], phase: str) -> None:
    from zdmigrate.cli.plan import show_plans

    show_plans(target, console, changes, "expand" if phase == "backfill" else phase)


def _tell(console: Console, outcome: Outcome) -> None:
    """What was done, last; a shut gate's table goes to stdout, since it is what was asked for."""
    if console.is_json:
        from zdmigrate.cli.verdict import as_json

        console.json(outcome.to_json() | {"refused": [as_json(verdict) for verdict in outcome.refused]})
        return
    if outcome.refused:
        from zdmigrate.cli.verdict import render_all

        console.result(render_all(outcome.refused))
    if outcome.mended:
        console.say(f"rows that a backfill had left aside, and that are right or gone now: {outcome.mended}")
    done = outcome.expanded or outcome.contracted or outcome.mended
    if not (done or outcome.refused or outcome.waiting_for_backfill or outcome.waiting):
        console.say("nothing to do")
    for change in outcome.too_early:
        console.say(f"{change} came with this release: a later one contracts it")
    for waiting in outcome.waiting:
        console.warn(f"{waiting.sentence}; zdmigrate status says what that waits for")
    for change in outcome.waiting_for_backfill:
        console.say(f"{change} waits for its backfill: zdmigrate apply --phase backfill")


def _duration(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        return Duration.parse(text).seconds
    except ValueError as error:
        raise UsageError(
            f"--wait {text} is not {error}", state="nothing was run", hint="write it as in --wait 45min"
        ) from None


def _names(names: list[str]) -> str:
    return ", ".join(names)
