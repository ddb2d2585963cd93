"""Contract revisions that wait for their gate: autogenerate works on beside them.

Alembic refuses to compare models with a database that is not at its heads. While nothing but contract revisions is
missing, that is the ordinary state of affairs for days: the database is taken for one at its heads, and what those
revisions will do is not proposed again (``splitting.py``). It needs a hook in ``env.py``; without one, Alembic refuses
as ever (docs/decisions/0019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate.api import RevisionContext
from alembic.util import CommandError

from zdmigrate.alembic.offline import upgrade_of
from zdmigrate.alembic.phase import phases_of

if TYPE_CHECKING:
    from typing import Any

    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script, ScriptDirectory


def missing(scripts: ScriptDirectory, heads: tuple[str, ...]) -> list[Script]:
    """The revisions that a database with these heads has not got, in the order in which they run."""
    done: set[str] = set()
    ways = [script for head in heads for script in scripts.get_revisions(head)]
    while ways:
        script = ways.pop()
        if script is not None and script.revision not in done:
            done.add(script.revision)
            ways += [each for before in _before(script) for each in scripts.get_revisions(before)]
    return [script for script in reversed(list(scripts.walk_revisions())) if script.revision not in done]


def _before(script: Script) -> tuple[str, ...]:
    named: list[str] = []
    for revisions in (script.down_revision, script.dependencies):
        named += [revisions] if isinstance(revisions, str) else revisions or ()
    return tuple(named)


def contracts_waiting(context: MigrationContext) -> list[Script]:
    """The contract revisions that the database has not got, if it has all others."""
    environment = context.environment_context
    if environment is None:
        return []
    found = missing(environment.script, context.get_current_heads())
    phases = phases_of(reversed(list(environment.script.walk_revisions())))
    return found if all(phases[script.revision] == "contract" for script in found) else []


def sql_waiting(context: MigrationContext) -> str:
    """What those would send. Raises CommandError for one that asks the database as it runs."""
    return "".join(map(_sent, contracts_waiting(context)))


def _sent(script: Script) -> str:
    try:
        return upgrade_of(script)
    except Exception as error:
        raise CommandError(
            f"zdmigrate: what the waiting contract {script.revision} will remove cannot be seen before it runs "
            f"({type(error).__name__}: {error}), and autogenerate would propose it again\n"
            "nothing was written; write its upgrade() so that alembic upgrade --sql can print it"
        ) from error


def let_autogenerate_work_beside_contracts() -> None:
    """Alembic's comparison goes on where contract revisions are all that is missing."""
    if hasattr(RevisionContext, "run_autogenerate") and not hasattr(RevisionContext, "zd_run_autogenerate"):
        RevisionContext.zd_run_autogenerate = RevisionContext.run_autogenerate  # type: ignore[attr-defined]
        RevisionContext.run_autogenerate = _run_autogenerate  # type: ignore[method-assign,assignment]


def _run_autogenerate(self: Any, revision: Any, context: MigrationContext) -> None:
    has_hook = context.opts["process_revision_directives"] is not None
    if has_hook and contracts_waiting(context):
        revision = "heads"
    self.zd_run_autogenerate(revision, context)
