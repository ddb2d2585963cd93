"""A new column that says which it was: what autogenerate takes for one that comes and one that goes is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy.dialects import postgresql

from zdmigrate.alembic.found import Found, Naive
from zdmigrate.alembic.models import SAID
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled, spelled_name
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Answers
    from zdmigrate.schema.catalog import Catalog


def with_renames(found: Found, catalog: Catalog) -> Found:
    """``info={"zd_was": "name"}``: both operations become a RENAME, or a change of type under a new name."""
    operations = list(found.operations)
    for each in found.operations:
        added = each.operation
        if isinstance(added, ops.AddColumnOp) and (was := added.column.info.get("zd_was")):
            dropped = next((other for other in operations if _drops(other, added, was)), None)
            if dropped is not None:
                renamed, answers = _renamed(added, was, found.answers, catalog)
                found = found._replace(answers=answers)
                operations[operations.index(each)] = renamed
                operations.remove(dropped)
    if len(operations) == len(found.operations):
        return found
    return found._replace(operations=tuple(sorted(operations, key=_place)))


def _place(naive: Naive) -> bool:
    """What goes from the old column goes first, or it would be carried to the new one."""
    return not isinstance(naive.operation, ops.DropIndexOp | ops.DropConstraintOp)


def _drops(each: Naive, added: ops.AddColumnOp, was: str) -> bool:
    dropped = each.operation
    return (
        isinstance(dropped, ops.DropColumnOp)
        and (dropped.schema, dropped.table_name) == (added.schema, added.table_name)
        and dropped.column_name == was
    )


def _renamed(added: ops.AddColumnOp, was: str, answers: Answers, catalog: Catalog) -> tuple[Naive, Answers]:
    """RENAME for a column of the same type, else a change of type whose copy has the new name."""
    alter = f"ALTER TABLE {spelled_name(Name(added.schema, added.table_name))}"
    kind = added.column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
    to_type = f"{alter} ALTER COLUMN {spelled(was)} TYPE {kind};\n"
    change: Any = read_script(to_type).statements[0].operations[0]
    known = catalog.table(change.relation)
    old = known.columns[was].type if known and was in known.columns else None
    if old is not None and old.changed(sql="") == change.type.changed(sql=""):
        return Naive(added, f"{alter} RENAME COLUMN {spelled(was)} TO {spelled(added.column.name)};\n"), answers
    return Naive(added, to_type), _of_the_old(answers, added, was)


def _of_the_old(answers: Answers, added: ops.AddColumnOp, was: str) -> Answers:
    """What the new column's model says, as said of the old one, and the new name."""
    old, new = f"{added.table_name}.{was}", f"{added.table_name}.{added.column.name}"
    given = {name: dict(getattr(answers, name)) for name in SAID}
    for name in ("up", "down", "fallback"):
        if new in given[name]:
            given[name][old] = given[name][new]
    return answers.changed(new_names={**answers.new_names, old: added.column.name}, **given)
