"""Autogenerate's findings as two revisions, by the recipes: what adds, and what takes away.

What Alembic found is rendered as the plain SQL that it would run; the database says what hangs on its tables; the
recipes say the phases; and what a phase sends becomes Python again, by Alembic's own calls where they send just that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from alembic.operations import ops
from alembic.util import CommandError

from zdmigrate.alembic.body import raised
from zdmigrate.alembic.database import furniture_on
from zdmigrate.alembic.found import found_in
from zdmigrate.alembic.layout import contract_after, expand_on
from zdmigrate.alembic.models import answers_of
from zdmigrate.alembic.moot import is_moot
from zdmigrate.alembic.native import native_calls
from zdmigrate.alembic.pending import sql_waiting
from zdmigrate.alembic.phase_op import PhaseOp
from zdmigrate.alembic.renames import with_renames
from zdmigrate.alembic.runs import runs_of
from zdmigrate.errors import ZdmigrateError
from zdmigrate.recipes.parts.rewriting import names_in, phases
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext

    from zdmigrate.alembic.found import Found
    from zdmigrate.alembic.runs import Run
    from zdmigrate.recipes.parts.merge import Rewritten, Section

_PLACE = re.compile(r"^found by autogenerate:\d+: ")
_FORWARD = "A contract goes forward only: what it removed is gone. Restore it, or write a revision that adds it anew."


def split_directives(context: MigrationContext, directives: list[MigrationScript]) -> None:
    """Replace the last of the directives by those of its phases; see ``zdmigrate.alembic.split``."""
    script = directives[-1]
    if len(script.upgrade_ops_list) > 1 or not script.upgrade_ops_list[0].ops:
        return
    metadata = context.opts["target_metadata"]
    try:
        found, change = _phased(found_in(script.upgrade_ops_list[0], answers_of(metadata), metadata), context)
    except ZdmigrateError as error:
        told = _PLACE.sub("", error.sentence)
        raise CommandError(f"{told}. {_in_a_model(error.hint)}".removesuffix(". ")) from None
    if change is None:
        script.upgrade_ops_list[0].ops.clear()
        script.downgrade_ops_list[0].ops.clear()
        return
    directives[-1:] = list(_scripts(script, found, change, context))


def _in_a_model(hint: str) -> str:
    """What is said of an option of the command line, as of ``info`` in a model."""
    hint = re.sub(r"--as (\S+)=NEWNAME", r"another name for it in the model, with info={'zd_was': '\1'}", hint)
    return re.sub(r"--(fill|up|down|fallback) (?:\w+=)?(\w+)", r"info={'zd_\1': '\2'} in the model's column", hint)


def _phased(found: Found, context: MigrationContext) -> tuple[Found, Rewritten | None]:
    """What is left of the findings beside pending contracts, and its phases; None where nothing is left."""
    assert context.connection is not None
    waiting = sql_waiting(context)
    names = names_in(read_change("found by autogenerate", found.sql + waiting))
    furniture = furniture_on(context.connection, names)
    later = furniture.with_script(waiting)
    left = tuple(each for each in found.operations if not is_moot(each.sql, later.catalog))
    found = with_renames(found._replace(operations=left), furniture.catalog)
    if not found.operations:
        return found, None
    change = read_change("found by autogenerate", found.sql)
    return found, phases(change, furniture, found.answers)  # in words that every major knows


class _Part(NamedTuple):
    """The sections of one revision: forth, and back."""

    phase: str
    forth: tuple[Section, ...]
    back: tuple[Section, ...] | None


def _parts(change: Rewritten) -> Sequence[_Part]:
    named = {section.name: section for section in change.sections}
    expand = tuple(section for section in change.sections if section.name in ("expand", "backfill"))
    revert = (named["revert"],) if "revert" in named else None
    contract = (named["contract"],) if "contract" in named else ()
    parts = (_Part("expand", expand, revert), _Part("contract", contract, None))
    return [part for part in parts if part.forth]


def _scripts(
    script: MigrationScript, found: Found, change: Rewritten, context: MigrationContext
) -> list[MigrationScript]:
    scripts: list[MigrationScript] = []
    forth, back = script.upgrade_ops_list[0].upgrade_token, script.downgrade_ops_list[0].downgrade_token
    for part in _parts(change):
        place = contract_after(script, scripts, context) if part.phase == "contract" else expand_on(script, context)
        scripts.append(
            ops.MigrationScript(
                upgrade_ops=ops.UpgradeOps([_forth(part, found, change)], upgrade_token=forth),
                downgrade_ops=ops.DowngradeOps([_back(part, found)], downgrade_token=back),
                imports={*script.imports, f'zd_phase = "{part.phase}"'},
                **place,
            )
        )
    return scripts


def _forth(part: _Part, found: Found, change: Rewritten) -> PhaseOp:
    notes = tuple(map(_in_a_model, change.notes)) if part.phase == "expand" else ()
    return PhaseOp(_runs(part.forth), native_calls(found, part.forth), found.all, notes=notes)


def _runs(sections: Sequence[Section]) -> Sequence[Run]:
    return [
        run._replace(statements=tuple(said._replace(why=_in_a_model(said.why)) for said in run.statements))
        for run in runs_of(sections)
    ]


def _back(part: _Part, found: Found) -> PhaseOp:
    if part.back is None:
        return PhaseOp((), {}, (), instead=raised(_FORWARD))
    return PhaseOp(_runs(part.back), native_calls(found, part.back), ())
