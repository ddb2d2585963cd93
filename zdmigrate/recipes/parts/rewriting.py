"""A file's operations, each by its recipe, on the ground that the operations before it leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes import split_or_merge
from zdmigrate.recipes.drop_column import leaving
from zdmigrate.recipes.parts.furniture import Furniture
from zdmigrate.recipes.parts.ground import Answers, CannotRewrite, Ground, Names
from zdmigrate.recipes.parts.groups import groups_in
from zdmigrate.recipes.parts.merge import merged
from zdmigrate.recipes.parts.new_names import under_new_names
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.printed import printed
from zdmigrate.recipes.parts.registry import recipe_of
from zdmigrate.recipes.parts.touched import Done, refuse_touched, still_there
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import DropColumn, RenameColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.recipes.parts.groups import ConvertColumns
    from zdmigrate.recipes.parts.merge import Rewritten
    from zdmigrate.schema.names import Span
    from zdmigrate.schema.operations import Operation
    from zdmigrate.sources.change import Change
    from zdmigrate.sql.script import Statement

    Groups = dict[tuple[str, Span], ConvertColumns]

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
    return printed(phases(change, furniture, answers, major))


def phases(change: Change, furniture: Furniture, answers: Answers | None = None, major: int = 14) -> Rewritten:
    """What that file says, as a value, for those who write it elsewhere."""
    if change.marked:
        raise CannotRewrite(f"{change.path}:1: it has sections already", hint=f"zdmigrate lint {change.path}")
    first = Ground(furniture, f"{change.path}:1", change.text, Names(), answers or Answers(), major)
    change, first = under_new_names(change, first)
    parts = list(_parts(change, first))
    if not parts:
        raise CannotRewrite(f"{change.path}:1: nothing in it changes a schema")
    last = furniture
    for statement in change.script.statements:
        last = last.after(statement, change.text)
    refuse_touched(first.names.done, furniture, last)
    return merged(parts, first._replace(furniture=still_there(furniture, last)))


def _parts(change: Change, first: Ground) -> Iterator[Phased]:
    ground, made, groups = first, set[Name](), _groups(change, first)
    for statement in change.script.statements:
        place = f"{change.path}:{change.lines.position(statement.span.start)[0]}"
        if statement.error is not None:
            hint = f"mend it first: zdmigrate lint {change.path}"
            raise CannotRewrite(f"{place}: {statement.error.message}", state="nothing was written", hint=hint)
        for part in _of_statement(statement, ground._replace(place=place), made, groups):
            _refuse_lost(part, ground._replace(place=place), first)
            yield part
        tables = {operation.relation for operation in statement.operations if operation.kind == "create_table"}
        made |= {ground.furniture.catalog.new_name(table) for table in tables if table is not None}
        ground = ground._replace(furniture=ground.furniture.after(statement, change.text))


def _groups(change: Change, first: Ground) -> Groups:
    """What stands for several operations, by the kind and place of each."""
    operations = [operation for statement in change.script.statements for operation in statement.operations]
    groups = groups_in(operations, first.furniture.catalog)
    return {member: group for group in groups for member in group.members}


def _of_statement(statement: Statement, ground: Ground, made: set[Name], groups: Groups) -> Iterator[Phased]:
    for operation in statement.operations:
        if operation.kind in _AROUND:
            continue
        if operation.relation is not None and ground.furniture.catalog.resolve(operation.relation) in made:
            yield Phased(expand=(Said("", _alone(operation, statement, ground)),))
        elif _is_done(operation, ground):
            pass
        elif (operation.kind, operation.span) in groups:
            yield from _of_group(operation, groups[operation.kind, operation.span], ground)
        else:
            found = recipe_of(operation.kind)
            if found is None:
                raise ground.refusal(
                    f"no recipe takes {operation.kind.replace('_', ' ')}",
                    "write its phases by hand: docs/tutorial.md; zdmigrate new NAME begins a file",
                )
            phased = found.recipe(operation, ground)
            parts = phased if isinstance(phased, tuple) else (phased,)
            _remember(operation, parts, ground)
            yield from parts
        ground = ground._replace(furniture=ground.furniture.after_one(operation, statement, ground.text))


def _is_done(operation: Operation, ground: Ground) -> bool:
    """Whether the change of type above has given the column the name that this RENAME says."""
    if not isinstance(operation, RenameColumn) or operation.relation is None:
        return False
    column = (ground.furniture.catalog.resolve(operation.relation), operation.column)
    return ground.names.copied.get(column) == operation.new_name


def _remember(operation: Operation, parts: tuple[Phased, ...], ground: Ground) -> None:
    """For the statements below, which name a copied column as the naive file does."""
    ground.names.done.append(Done(operation, ground, parts))
    for part in parts:
        if part.table is not None:
            ground.names.copied |= {(part.table, new): new for new in part.moved.values()}
            ground.names.copied |= {(part.table, old): new for old, new in part.moved.items() if part.kinds}


def _of_group(operation: Operation, group: ConvertColumns, ground: Ground) -> Iterator[Phased]:
    """All of it where the first stands; but what hangs on a column that goes is asked where it goes."""
    if (operation.kind, operation.span) == group.members[0]:
        yield split_or_merge.recipe(group, ground)
    elif isinstance(operation, DropColumn):
        yield leaving(operation, ground)


def _alone(operation: Operation, statement: Statement, ground: Ground) -> str:
    """On a table that this very file makes nobody waits, and nothing breaks: as it is, a statement an action."""
    if len(statement.operations) == 1 or operation.relation is None:
        return statement.text
    table = ground.spelled(ground.furniture.catalog.resolve(operation.relation))
    return f"ALTER TABLE {table} {ground.text_of(operation)}"


def _refuse_lost(part: Phased, here: Ground, first: Ground) -> None:
    """Raise CannotRewrite for a copied column on which the same file has made something before: it would be lost."""
    if part.table is not None and part.moved and part.table not in first.furniture.catalog.tables:
        raise here.refusal(f"{part.table.name} has this name from a statement above", "write two files, this one last")
    for old in part.moved:
        known = {(each.kind, each.name) for each in first.furniture.on(part.table or Name(None, ""))}
        for each in here.furniture.on(part.table or Name(None, ""), old):
            if (each.kind, each.name) not in known and each.kind in ("index", "constraint", "statistics"):
                raise here.refusal(
                    f"{each.told} is made above, on {old}, which is copied here", "move it below, on the new column"
                )
