"""Where the two revisions of a change go: on the branches ``expand`` and ``contract``, or one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.alembic.phase import PHASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext

    Place = dict[str, Any]  # what MigrationScript takes beside its operations


def expand_on(script: MigrationScript, context: MigrationContext) -> Place:
    """As the command line has it, or on the branch ``expand`` where there is one and no other head was named."""
    head = "expand@head" if _has_branches(context) and script.head in ("head", None) else script.head
    return {**_said(script), "rev_id": script.rev_id, "message": script.message, "head": head}


def contract_after(script: MigrationScript, before: Sequence[MigrationScript], context: MigrationContext) -> Place:
    """On the branch ``contract``, and depending on the expand; without branches, behind it."""
    expand = before[-1].rev_id if before else None
    place = {**_said(script), "rev_id": script.rev_id, "message": script.message, "head": script.head}
    if expand is not None:
        message = f"{script.message} (contract)" if script.message else "contract"
        place |= {"rev_id": f"{expand}_contract", "message": message, "branch_label": None}
    if _has_branches(context) and script.head in ("head", None):
        depends = [script.depends_on] if isinstance(script.depends_on, str) else list(script.depends_on or ())
        return place | {"head": "contract@head", "depends_on": [*depends, *([expand] if expand else [])] or None}
    return place | ({"head": expand, "splice": False, "depends_on": None} if expand else {})


def _said(script: MigrationScript) -> Place:
    """What the command line says of both."""
    return {
        "splice": script.splice,
        "branch_label": script.branch_label,
        "version_path": script.version_path,
        "depends_on": script.depends_on,
    }


def _has_branches(context: MigrationContext) -> bool:
    environment = context.environment_context
    if environment is None:
        return False
    labels = {label for script in environment.script.walk_revisions() for label in script.branch_labels}
    return labels.issuperset(PHASES)
