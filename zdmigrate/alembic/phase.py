"""Which phase a revision is of: what it says of itself, or its branch's label.

It is imported as a file by ``render.py``, too, where nothing of zdmigrate's need be installed.
"""

from __future__ import annotations

from alembic.util import to_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic.script import Script

PHASES = ("expand", "contract")


def phases_of(revisions: Iterable[Script]) -> dict[str, str]:
    """What each revision says of itself, or else the label of the branch that it is on: expand, contract, or empty.

    Alembic gives a label to what comes before the branch, too, and to what merges it with others: these have none here.
    """
    branches: dict[str, str] = {}
    found = {}
    for script in revisions:
        own = [label for label in to_tuple(getattr(script.module, "branch_labels", None), ()) if label in PHASES]
        below = [branches[name] for name in to_tuple(script.down_revision, ())]
        branches[script.revision] = own[0] if own else below[0] if len(below) == 1 else ""
        said = getattr(script.module, "zd_phase", None)
        found[script.revision] = str(said) if said is not None else branches[script.revision]
    return found
