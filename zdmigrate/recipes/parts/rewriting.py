"""A file's operations, each by its recipe, on the ground that the operations before it leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.furniture import Furniture
from zdmigrate.recipes.parts.ground import Answers, CannotRewrite, Ground, Names
from zdmigrate.recipes.parts.merge import merged
from zdmigrate.recipes.parts.printed import printed
from zdmigrate.recipes.parts.registry import recipe_of
from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.recipes.parts.phased import Phased
    from zdmigrate.sources.change import Change
    from zdmigrate.sql.script import Statement

# What surrounds the work and is none: phases have transactions of their own, and the runner its own timeouts.
_AROUND = ("begin", "commit", "set_variable")


def furniture_of(changes: Iterable[Change]) -> Furniture:
    """What a history leaves, reverts left out."""
    furniture = Furniture()
    for change in changes:
        for section in change.sections:
            for statement in section.statements if section.name != "revert" else ():
                furniture = furniture.after(statement, change.text)
        furniture = furniture.changed(catalog=furniture.catalog.rested())
    return furniture


def names_in(change: Change) -> list[Name]:
    """Every relation that the file names."""
    operations = (operation for statement in change.script.statements for operation in statement.operations)
    values = (value for operation in operations for value in operation.field_values())
    return sorted({value for value in values if isinstance(value, Name)}, key=str)


def rewritten(change: Change, furniture: Furniture, answers: Answers | None = None, major: int = 14) -> str:
    """The change file that does what ``change`` does, in phases. Raises CannotRewrite, naming what cannot be."""
    if change.marked:
        raise CannotRewrite(f"{change.path}:1: it has sections already", hint=f"zdmigrate lint {change.path}")
    first = Ground(furniture, f"{change.path}:1", change.text, Names(), answers or Answers(), major)
    parts = list(_parts(change, first))
    if not parts:
        raise CannotRewrite(f"{change.path}:1: nothing in it changes a schema")
    return printed(merged(parts, first))


def _parts(change: Change, ground: Ground) -> Iterator[Phased]:
    for statement in change.script.statements:
        place = f"{change.path}:{change.lines.position(statement.span.start)[0]}"
        if statement.error is not None:
            raise CannotRewrite(f"{place}: {statement.error.message}", state="nothing was written")
        yield from _of_statement(statement, ground._replace(place=place))
        ground = ground._replace(furniture=ground.furniture.after(statement, change.text))


def _of_statement(statement: Statement, ground: Ground) -> Iterator[Phased]:
    for operation in statement.operations:
        if operation.kind in _AROUND:
            continue
        found = recipe_of(operation.kind)
        if found is None:
            raise ground.refusal(
                f"no recipe takes {operation.kind.replace('_', ' ')}",
                "write its phases by hand: docs/tutorial.md; zdmigrate new NAME begins a file",
            )
        yield found.recipe(operation, ground)
        catalog = ground.furniture.catalog.after(operation)
        ground = ground._replace(furniture=ground.furniture.changed(catalog=catalog))
