"""Indexes and constraints made and dropped without stopping anybody: the dances that several recipes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.definitions import granted_on, index_columns
from zdmigrate.recipes.parts.phased import Said, Step
from zdmigrate.recipes.parts.presence import is_there
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName
    from zdmigrate.schema.relations import Table

CONCURRENTLY = "CONCURRENTLY: writes go on while it is built."


def built_index(
    table: Table,
    name: str,
    definition: str,
    ground: Ground,
    *,
    unique: bool = False,
    why: str = CONCURRENTLY,
    allowed: str = "",
) -> tuple[Step, ...]:
    """An index, built while everybody works on; ``definition`` is what stands behind the table's name.

    ``allowed`` says of a rule, ``RULE because ...``, why it may be unique beside another unique index.
    """
    directives = f"\nzdmigrate: allow {allowed}" if allowed else ""
    why += directives
    kind = "UNIQUE INDEX" if unique else "INDEX"
    if not table.partitioned:
        return (Said(why, f"CREATE {kind} CONCURRENTLY {spelled(name)} ON {ground.spelled(table.name)} {definition}"),)
    steps: list[Step] = [
        Said(
            "On the parent alone the index is a name without rows, and invalid until every partition has its part."
            + directives,
            f"CREATE {kind} {spelled(name)} ON ONLY {ground.spelled(table.name)} {definition}",
        )
    ]
    for below, part in _parts(table, name, ground, "_".join(index_columns(definition))):
        steps += built_index(below, part, definition, ground, unique=unique)
        whole, piece = ground.beside(table.name, name), ground.beside(below.name, part)
        steps.append(Said("", f"ALTER INDEX {whole} ATTACH PARTITION {piece}"))
    return tuple(steps)


def _parts(table: Table, name: str, ground: Ground, columns: str = "") -> list[tuple[Table, str]]:
    """The partitions with the names of their parts of an index: the same, however often it is asked.

    ``columns`` are the index's, after which the server names its parts.
    """
    middle = columns or name.removeprefix(f"{table.name.name}_").removesuffix("_idx")
    known = ground.names.parts.setdefault((table.name, name), [])
    if not known:
        below = [ground.furniture.catalog.tables[child] for child in table.children]
        known += [(each.name, ground.free(each.name, middle, "idx")) for each in below]
    return [(ground.furniture.catalog.tables[each], part) for each, part in known]


def _allowing(reason: str, rule: str = "not-additive-in-expand") -> str:
    return f"\nzdmigrate: allow {rule} because {reason}" if reason else ""


def dropped_index(table: Table, name: str, ground: Ground, why: str = "", *, sure: bool = False) -> tuple[Step, ...]:
    """The index gone, while everybody works on; a partitioned one has no such form, and is gone at once.

    Unless it is ``sure`` that all of it is there, parts that were built and not attached yet go, too.
    """
    there, index = "" if sure else " IF EXISTS", ground.beside(table.name, name)
    if not table.partitioned:
        return (Said(why, f"DROP INDEX CONCURRENTLY{there} {index}"),)
    allowed = "zdmigrate: allow drop-index-not-concurrent because a partitioned index has no other form"
    whole = Said(f"{why}\n{allowed}", f"DROP INDEX{there} {index}")
    parts = () if sure else _parts(table, name, ground)
    return (whole, *(step for below, part in parts for step in dropped_index(below, part, ground)))


def added_constraint(
    table: Table, name: str, definition: str, ground: Ground, *, valid: bool = True, allowed: str = ""
) -> tuple[Step, ...]:
    """A CHECK or FOREIGN KEY that first holds for new rows, and is then looked through without stopping anybody.

    ``allowed`` says why it may stand in expand although it forbids something: what the linter cannot know.
    """
    alter = f"ALTER TABLE {ground.spelled(table.name)}"
    add = Said(
        "NOT VALID: it holds for what is written from now on, and no row is read under the strong lock."
        + _allowing(allowed),
        f"{alter} ADD CONSTRAINT {spelled(name)} {definition} NOT VALID",
    )
    check = Said(
        "Reads the rows under SHARE UPDATE EXCLUSIVE, which stops neither readers nor writers.",
        f"{alter} VALIDATE CONSTRAINT {spelled(name)}",
    )
    return (add, check) if valid else (add,)


def free_index_name(table: Name, columns: tuple[str, ...], ground: Ground) -> str:
    return ground.free(table, "_".join(column or "expr" for column in columns), "idx")


def proven_not_null(
    table: Table, column: str, ground: Ground, kind: TypeName | None = None
) -> tuple[tuple[Step, ...], tuple[Said, ...]]:
    """NOT NULL in two halves: the proof, while everybody works, and then the mark, for which no row is read.

    From 18 on the proof is the mark: NOT NULL itself may be NOT VALID at first. ``kind`` is the column's type where
    the table has not got it yet.
    """
    if ground.major >= 18:
        name = ground.free(table.name, column, "not_null")
        return added_constraint(table, name, f"NOT NULL {spelled(column)}", ground), ()
    alter, name = f"ALTER TABLE {ground.spelled(table.name)}", ground.free(table.name, column, "filled")
    mark = (
        Said("The CHECK has proven it: no row is read.", f"{alter} ALTER COLUMN {spelled(column)} SET NOT NULL"),
        Said("", f"{alter} DROP CONSTRAINT {spelled(name)}"),
    )
    known = table.columns.get(column)
    check = f"CHECK ({is_there(spelled(column), kind or (known.type if known else None), ground)})"
    return added_constraint(table, name, check, ground), mark


def view_privileges(table: Table, view: str, ground: Ground) -> tuple[Step, ...]:
    """What roles may do with the table they may do with its view."""
    granted = ground.furniture.on(table.name, None, "privilege", "grant")
    return tuple(Said("", granted_on(each.sql, view)) for each in granted)


def labelled(each: Hanging, table: Table, ground: Ground) -> str:
    """What is said of an index or a constraint by its name: a comment, or that replicas know rows by it."""
    name = spelled(each.name)
    if each.type == "CONSTRAINT":
        return f"COMMENT ON CONSTRAINT {name} ON {ground.spelled(table.name)} {each.sql}"
    if each.type == "STATISTICS":
        return f"ALTER INDEX {ground.beside(table.name, each.name)} {each.sql}"
    if each.type == "INDEX":
        return f"COMMENT ON INDEX {ground.beside(table.name, each.name)} {each.sql}"
    return f"ALTER TABLE {ground.spelled(table.name)} {each.type} {name}"
