"""Plain ``alembic upgrade`` on zdmigrate's terms: the lease, the gates of contracts, and locks by look, then ask."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import context as in_env
from alembic.runtime.migration import RevisionStep
from alembic.util import CommandError
from psycopg.conninfo import make_conninfo

from zdmigrate.alembic.asking import Asking
from zdmigrate.alembic.half import Half
from zdmigrate.config import load
from zdmigrate.errors import UsageError, ZdmigrateError
from zdmigrate.ledger.changes import move, read_changes
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import one
from zdmigrate.ledger.states import State
from zdmigrate.live.registry import register_release
from zdmigrate.run.contract import last_release, open_gate
from zdmigrate.run.lease import DDL, take_lease
from zdmigrate.run.order import is_complete
from zdmigrate.run.revert import refuse_needed
from zdmigrate.run.target import Target, limits_of
from zdmigrate.sources.revisions import changes_to_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import URL

    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.events import BackfillProgress, StepResult, Working
    from zdmigrate.sources.change import Change

    Migrations = Callable[..., Iterable[Any]]

_LOOKS = "10ms"  # how long the connection that looks waits for a lock: what it waits for may be our own


def install(dsn: str | None) -> None:
    """Have the upgrade or downgrade that ``env.py`` is about to run guarded; other commands are left alone.

    Each revision has a transaction of its own then.
    """
    environment: EnvironmentContext = in_env._proxy  # type: ignore[attr-defined]
    migrations: Migrations | None = environment.context_opts.get("fn")
    if migrations is None or environment.is_offline_mode() or environment.context_opts.get("dont_mutate"):
        return
    configure = environment.configure

    def configured(*words: Any, **named: Any) -> None:
        configure(*words, **{**named, "transaction_per_migration": True})

    environment.configure = configured  # type: ignore[method-assign]
    environment.context_opts["fn"] = lambda heads, context: _guarded(migrations(heads, context), context, dsn)


def _guarded(steps: Iterable[Any], context: MigrationContext, dsn: str | None) -> Iterator[Any]:
    """The steps, one after the other, with the lease held and somebody listening to what they send."""
    found = list(steps)
    connection = context.connection
    if connection is None or not all(isinstance(step, RevisionStep) for step in found):
        yield from found  # stamp
        return
    asking = None
    with ExitStack() as held:
        try:
            target = _target(dsn or dsn_of(connection.engine.url))
            if found and _has_ledger(target):
                _refuse_shut(target, found)
                held.enter_context(take_lease(target.dsn, DDL, "alembic upgrade"))
                watcher = held.enter_context(connect(target.dsn, purpose="guard"))
                watcher.execute("SELECT pg_catalog.set_config('lock_timeout', %s, false)", [_LOOKS])
                asking = held.enter_context(closing(Asking(connection, watcher, target.limits)))
        except ZdmigrateError as error:
            raise told(error) from None
        for step in found:
            if asking is not None:
                asking.begins(_half(step))
            yield step


def _half(step: RevisionStep) -> Half:
    below = step.revision.down_revision
    first = below if isinstance(below, str) or below is None else below[0]
    return Half(step.revision.revision, first, is_downgrade=step.is_downgrade)


def told(error: ZdmigrateError) -> CommandError:
    """As Alembic prints errors: what happened, the state things are in, the next command."""
    return CommandError("\n".join(text for text in (f"zdmigrate: {error.sentence}", error.state, error.hint) if text))


def dsn_of(url: URL) -> str:
    """What libpq calls the database that SQLAlchemy knows by a URL, whatever its driver."""
    query = {key: url.query[key] for key in ("host", "port", "sslmode", "sslrootcert", "options") if key in url.query}
    given = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "dbname": url.database,
        **query,
    }
    return make_conninfo(**{key: value for key, value in given.items() if value})  # type: ignore[arg-type]


def _target(dsn: str) -> Target:
    near = in_env.config.config_file_name
    flags = {"source_section": in_env.config.config_ini_section}  # alembic --name
    config = load(Path(near).resolve().parent if near else os.curdir, flags, seen_from=os.curdir)
    return Target(dsn=dsn, config=config, listener=Silent(), limits=limits_of(config))


def _has_ledger(target: Target) -> bool:
    """A laptop's database and one of CI have none: nobody there waits for anything."""
    with connect(target.dsn, purpose="guard") as connection:
        return bool(one(connection, "SELECT pg_catalog.to_regclass('zdmigrate.ledger') IS NOT NULL")[0])


# --------------------------------------------------------------------------- gates


def _refuse_shut(target: Target, steps: Sequence[RevisionStep]) -> None:
    """Raise what forbids any of the steps, before the first one runs: a shut gate, or a version that needs it."""
    changes = {change.id: change for change in changes_to_run(target.config)}
    release = _release(target, list(changes))
    _note_contracts(target, list(changes.values()))
    for step in steps:
        change = changes.get(step.revision.revision)
        if change is None or change.revision is None:
            raise UsageError(
                f"revision {step.revision.revision} is not among those that zdmigrate reads",
                state="nothing was run",
                hint="is dir in zdmigrate.toml this project's folder? zdmigrate plan shows what it reads",
            )
        if step.is_downgrade:
            _refuse_downgrade(target, change)
        elif change.revision.contracts:
            _refuse_contract(target, change, release)


def _release(target: Target, changes: Sequence[str]) -> str:
    """The release of ZDMIGRATE_RELEASE, registered if it is new; else the one registered last."""
    version = os.environ.get("ZDMIGRATE_RELEASE")
    with target.connect("release") as connection:
        if version is None:
            return last_release(connection, target.app)
        register_release(connection, target.app, version, changes)
    return version


def _note_contracts(target: Target, changes: Sequence[Change]) -> None:
    """As ``apply --phase expand`` does: a contract belongs to the release that it is first met with."""
    with target.connect("guard") as connection, connection.transaction():
        rows = read_changes(connection, target.app)
        for change in changes:
            if change.revision and change.revision.contracts and change.id not in rows:
                for state in (State.EXPANDING, State.EXPANDED):
                    move(connection, target.app, change.id, state, path=change.path)


def _refuse_contract(target: Target, change: Change, release: str) -> None:
    verdict = open_gate(target, change, release, None)
    if verdict is not None and not verdict.open:
        reasons = "".join(f"\n  - {reason.sentence}" for reason in verdict.reasons)
        raise UsageError(
            f"the gate of {change.id} is shut for release {release}:{reasons}",
            state="nothing was run",
            hint="zdmigrate status shows what it waits for; alembic upgrade expand@head runs what does not wait",
        )


def _refuse_downgrade(target: Target, change: Change) -> None:
    with target.connect("guard") as connection:
        row = read_changes(connection, target.app).get(change.id)
        if change.revision and change.revision.contracts and is_complete(change, row):
            raise UsageError(
                f"{change.id} is contracted: from there it only goes forward",
                state="nothing was run",
                hint="undo it with a new revision",
            )
        refuse_needed(target, connection, change)


class Silent:
    """A listener that says nothing: Alembic's own log tells what runs."""

    def phase(self, plan: Plan, already_done: int) -> None: ...

    def step(self, plan: Plan, step: Step) -> None: ...

    def waiting(self, step: Step, blockers: list[Blocker], seconds: float) -> None: ...

    def working(self, step: Step, working: Working) -> None: ...

    def progress(self, step: Step, progress: BackfillProgress) -> None: ...

    def done(self, step: Step, result: StepResult) -> None: ...

    def finished(self, plan: Plan) -> None: ...

    def note(self, sentence: str) -> None: ...
