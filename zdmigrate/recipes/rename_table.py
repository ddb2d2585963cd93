"""Rename a table, or move it to another schema: the new name is a view of it until no live version knows the old one.

Making a view locks no row and no writer out; renaming first, with a view under the old name, would begin with the
strong lock. PostgreSQL writes through such a view as through the table: INSERT, UPDATE, DELETE, ON CONFLICT.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.recipes import rename_view
from zdmigrate.recipes.parts.building import view_privileges
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import RenameTable, SetSchema
from zdmigrate.schema.spelling import spelled, spelled_list

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground

OPERATIONS = ("rename_table", "set_schema")
MEANWHILE = ("reads and writes the table by its old name", "reads and writes it by its new name, which is a view")


_SEQUENCE = re.compile(r"(?i)\balter\s+sequence\b[^;]*$")


def recipe(operation: RenameTable | SetSchema, ground: Ground) -> Phased:
    if isinstance(operation, SetSchema) and operation.relation is not None:
        known = ground.furniture.catalog.resolve(operation.relation)
        if known in ground.furniture.catalog.views:
            new, change = Name(operation.name, known.name), f"SET SCHEMA {spelled(operation.name)}"
            return rename_view.under_both_names(known, new, change, ground)
        _refuse_a_sequence(operation, ground)
    table = ground.table(operation.relation)
    old = ground.spelled(table.name)
    if isinstance(operation, RenameTable):
        new, change = Name(table.name.schema, operation.new_name), f"RENAME TO {spelled(operation.new_name)}"
        view = ground.beside(table.name, new.name)
    else:
        new, change = Name(operation.name, table.name.name), f"SET SCHEMA {spelled(operation.name)}"
        view = f"{spelled(operation.name)}.{spelled(table.name.name)}"
    if ground.furniture.catalog.has(new):
        raise ground.refusal(f"there is a relation {new} already")
    shown = f"{new}" if new.schema != table.name.schema else new.name
    if ground.major < 15 and ground.furniture.on(table.name, None, "policy"):
        raise ground.refusal(
            f"{table.name} has policies, and below 15 a view reads past them, with its owner's rights",
            "keep the name until every server has 15: --postgres 15, or postgres = 15 in the configuration",
        )
    # below 15 there is no security_invoker: the view then reads with its owner's rights, past row security
    invoker = " WITH (security_invoker = true)" if ground.major >= 15 else ""
    return Phased(
        table=table.name,
        notes=(
            f"{table.name.name} becomes {shown}: until contract, versions may use either.",
            f"Until then {shown} is a view: it takes no COPY FROM, TRUNCATE or LOCK TABLE.",
        ),
        expand=(
            Said(
                "The new name, as a view that can be written through: nobody waits for anything.",
                f"CREATE VIEW {view}{invoker} AS SELECT {spelled_list(tuple(table.columns))} FROM {old}",
            ),
            *view_privileges(table, view, ground),
        ),
        removal=(
            Said("", f"DROP VIEW {view}"),
            Said("", f"ALTER TABLE {old} {change}"),
        ),
        revert=(Said("", f"DROP VIEW IF EXISTS {view}"),),
    )


def _refuse_a_sequence(operation: SetSchema, ground: Ground) -> None:
    """Raise CannotRewrite for one: nothing else can stand under its old name."""
    if _SEQUENCE.search(ground.text, 0, operation.span.start):
        raise ground.refusal(
            f"the sequence {operation.relation} has one place: nextval of old versions, or of new ones, would fail",
            "leave it there; one that a table's column owns moves with its table",
        )
