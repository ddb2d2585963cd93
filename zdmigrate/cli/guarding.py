"""What ``zdmigrate guard`` does: it watches, tells whoever shall know, and gives the release up where it shall."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from zdmigrate.cli.guard_vigil import watch_over
from zdmigrate.cli.ledger_session import open_ledger
from zdmigrate.cli.target import changes_of, target_of
from zdmigrate.errors import DatabaseError, NotYet
from zdmigrate.guards import codedeploy, webhook
from zdmigrate.guards.judge import take_baseline
from zdmigrate.guards.kept import keep_baseline, kept_baseline
from zdmigrate.guards.measure import Unmeasured
from zdmigrate.guards.vigil import Health, Vigil
from zdmigrate.guards.watch import GuardWatch
from zdmigrate.ledger.record import record
from zdmigrate.live.ages import span
from zdmigrate.run.contract import last_release
from zdmigrate.run.giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.guard_vigil import Asked
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config, Guard
    from zdmigrate.ledger.connection import Connection

SAID_NO, NOT_YET, FAILED = 1, 3, 4


def take_now(dsn: str, config: Config, console: Console, guards: Sequence[Guard], release: str | None) -> int:
    """Measure what relative guards will be compared with, and keep it. Raises NotYet where it cannot be measured."""
    with open_ledger(dsn, "guard") as connection:
        version = _release(connection, config, release)
        baseline = _baseline(guards, {})
        keep_baseline(connection, config.app, version, baseline)
    if console.is_json:
        console.json({"version": 1, "app": config.app, "release": version, "baseline": baseline})
    else:
        told = ", ".join(f"{name} {value:.4g}" for name, value in baseline.items())
        console.result(f"before {config.app} {version}: {told or 'no guard is relative, so there is none to keep'}")
    return 0


def keep_watch(dsn: str, config: Config, console: Console, guards: Sequence[Guard], asked: Asked) -> int:
    """Watch, tell, and act; the exit code."""
    hooked = codedeploy.client() if asked.codedeploy else None  # before anything runs: boto3 may be missing
    with open_ledger(dsn, "guard") as connection:
        release = _release(connection, config, asked.release)
        known = kept_baseline(connection, config.app, release)
    baseline, begun = _baseline(guards, known), time.monotonic()

    def health_now(breaches: Sequence[str], *, final: bool) -> Health:
        seconds = time.monotonic() - begun
        return Health(config.app, release, tuple(breaches), seconds, config.rollout.action, baseline, final)

    def changed(breaches: Sequence[str]) -> None:
        _post(config, console, health_now(breaches, final=False))

    with GuardWatch(guards, baseline) as watch:
        seen = watch_over(Vigil(watch, time.monotonic, time.sleep), config.rollout.action, asked, console, changed)
    if seen.code and not seen.breaches:
        console.warn(f"{asked.wrapped[0]} ended with {seen.code}; no guard said no")
        return seen.code
    health = health_now(seen.breaches, final=True)
    untold = _tell(dsn, config, console, health)
    if asked.codedeploy:
        untold += _answer(hooked, codedeploy.Hook(*asked.codedeploy), console, well=health.well)
    return _end(dsn, config, console, health, asked.patience, untold)


def _release(connection: Connection, config: Config, given: str | None) -> str:
    return given or os.environ.get("ZDMIGRATE_RELEASE") or last_release(connection, config.app)


def _baseline(guards: Sequence[Guard], known: dict[str, float]) -> dict[str, float]:
    try:
        return take_baseline(guards, known)
    except Unmeasured as error:
        raise NotYet(str(error), state="nothing was begun", hint="mend it, then run it again") from None


# --------------------------------------------------------------------------- telling, and acting


def _tell(dsn: str, config: Config, console: Console, health: Health) -> list[str]:
    """Keep the verdict in the ledger, and post it; why that could not be done."""
    try:
        with open_ledger(dsn, "guard") as connection:
            record(
                connection,
                "guard",
                app=health.app,
                release=health.release,
                well=health.well,
                breaches=list(health.breaches),
                seconds=round(health.seconds, 1),
                does=health.action,
            )
    except DatabaseError as error:
        console.warn(f"the ledger does not have this verdict: {error.sentence}")
    return _post(config, console, health)


def _post(config: Config, console: Console, health: Health) -> list[str]:
    try:
        webhook.tell(config.rollout, health.to_json())
    except webhook.Untold as error:
        console.warn(f"{error}; it has not heard this verdict")
        return [str(error)]
    return []


def _answer(client: object, hook: codedeploy.Hook, console: Console, *, well: bool) -> list[str]:
    try:
        codedeploy.put_status(client, hook, well=well)
    except webhook.Untold as error:
        console.warn(f"{error}; the hook will time out")
        return [str(error)]
    return []


def _end(dsn: str, config: Config, console: Console, health: Health, patience: float, untold: Sequence[str]) -> int:
    reverted: list[str] = []
    refused: NotYet | None = None
    if health.action == "revert" and not health.well:
        try:
            target = target_of(dsn, config, console)
            reverted = give_up(target, changes_of(config), health.release, patience)
        except NotYet as error:
            refused = error
    if console.is_json:
        why = refused.sentence if refused else None
        console.json({**health.to_json(), "reverted": reverted, "revert_refused": why, "untold": list(untold)})
    else:
        console.result(_sentence(health, reverted))
    if refused:
        raise refused
    if health.well:
        return FAILED if untold else 0
    return NOT_YET if health.action == "pause" else SAID_NO


def _sentence(health: Health, reverted: Sequence[str]) -> str:
    if health.well:
        return f"{health.app} was well for {span(health.seconds)} of the rollout of {health.release}"
    undone = f"; reverted: {', '.join(reverted)}" if reverted else ""
    return f"{health.app} is not well in the rollout of {health.release}: {'; '.join(health.breaches)}{undone}"
