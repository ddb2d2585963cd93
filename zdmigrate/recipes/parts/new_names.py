"""A change of type that needs a copy, told as the file would tell it that names the copy itself.

``ALTER c TYPE bigint, ALTER c SET NOT NULL; CREATE INDEX ON t (c);`` becomes ``ALTER c TYPE bigint; RENAME c TO c_8;
ALTER c_8 SET NOT NULL; CREATE INDEX ON t (c_8);``: every recipe below stands where the copy is the column. Where the
file has that RENAME itself, it says the copy's name. Lines stay where they are, for messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.change_type import name_of_copy
from zdmigrate.recipes.parts.renaming import folded, renamed_definition, replaced
from zdmigrate.recipes.parts.touched import WORDS, lost, names_column
from zdmigrate.schema import operations as ops
from zdmigrate.schema.names import Span
from zdmigrate.schema.spelling import spelled, spelled_name
from zdmigrate.sources.change import read_change
from zdmigrate.sql.grammar import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Operation
    from zdmigrate.sources.change import Change
    from zdmigrate.sql.script import Statement

    Edit = tuple[Span, str]

_LISTS = {"add_check": (), "add_foreign_key": ("",), "add_unique": ("", "include"), "add_primary_key": ("", "include")}
_OF_COLUMN = {"set_default", "set_not_null", *WORDS} - {"comment_on"}
_FIRST = ("drop_default", "drop_constraint", "drop_column")  # PostgreSQL does them before any change of type
_BY_ITS_RECIPE = ("create_view", "create_materialized_view")


class Copied(NamedTuple):
    """A change of type, its table and its column's new name; ``named`` is the file's own RENAME, if it has one."""

    change: ops.AlterColumnType
    table: Name
    new: str
    named: ops.RenameColumn | None


def under_new_names(change: Change, first: Ground) -> tuple[Change, Ground]:
    """The change in those words, and its ground with their answers; the same where nothing else names the column."""
    copies = [each for each in _copies(change, first) if each.named or _is_named_again(each, change, first)]
    if not copies:
        return change, first
    text = replaced(change.text, _edits(change, copies, first))
    told = {f"{each.table.name}.{each.change.column}": each.new for each in copies}
    answers = first.answers.changed(new_names={**first.answers.new_names, **told})
    return read_change(change.path, text), first._replace(text=text, answers=answers)


def _copies(change: Change, first: Ground) -> list[Copied]:
    found: list[Copied] = []
    ground = first
    operations = list(change.operations())
    for statement in change.script.statements:
        here = ground._replace(place=_place(change, statement))
        for operation in statement.operations:
            if isinstance(operation, ops.AlterColumnType) and operation.relation is not None:
                table = here.furniture.catalog.resolve(operation.relation)
                named = _named(operation, table, operations, here)
                new = name_of_copy(operation, named.new_name if named else None, here)
                again = any((each.table, each.change.column) == (table, operation.column) for each in found)
                if new is not None and table in first.furniture.catalog.tables and not again:
                    found.append(Copied(operation, table, new, named))
        ground = ground._replace(furniture=ground.furniture.after(statement, change.text))
    return found


def _place(change: Change, statement: Statement) -> str:
    return f"{change.path}:{change.lines.position(statement.span.start)[0]}"


def _named(
    operation: ops.AlterColumnType, table: Name, operations: list[Operation], ground: Ground
) -> ops.RenameColumn | None:
    """The file's RENAME of the column, below."""
    below = (each for each in operations[operations.index(operation) :] if isinstance(each, ops.RenameColumn))
    own = (each for each in below if each.relation and ground.furniture.catalog.resolve(each.relation) == table)
    return next((each for each in own if each.column == operation.column), None)


def _is_named_again(copied: Copied, change: Change, ground: Ground) -> bool:
    """Whether anything but the change of type is about the column; a drop that stands before it is."""
    others = [each for each in change.operations() if each is not copied.change and each.kind not in _BY_ITS_RECIPE]
    return any(_is_about(each, copied, ground) for each in others)


def _is_about(operation: Operation, copied: Copied, ground: Ground) -> bool:
    return names_column(operation, ground, copied.table, copied.change.column)


# --------------------------------------------------------------------------- the file's text


def _edits(change: Change, copies: list[Copied], ground: Ground) -> Iterator[Edit]:
    begun: list[Copied] = []
    for statement in change.script.statements:
        here = ground._replace(place=_place(change, statement))
        own = [each for each in copies if each.change in statement.operations]
        if own:
            begun += own
            yield _parted(statement, own, begun, here)
            continue
        for operation in statement.operations:
            if any(operation is each.named for each in copies):
                yield statement.span, ""
            elif (text := _renamed(operation, begun, here)) is not None:
                yield operation.span, text


def _parted(statement: Statement, own: list[Copied], begun: list[Copied], ground: Ground) -> Edit:
    """One ALTER TABLE as three: up to the change of type, the new names, and what follows under them."""
    first, last = statement.operations[0].span.start, statement.operations[-1].span.end
    alter = _head(own[0].change)
    changes = [each.change for each in own]
    behind = [each for each in statement.operations if each not in changes and _stands_behind(each, own, ground)]
    ahead = [ground.text_of(each) for each in statement.operations if each not in behind]
    renames = [f"RENAME {spelled(each.change.column)} TO {spelled(each.new)}" for each in own]
    told = [_renamed(each, begun, ground) or ground.text_of(each) for each in behind]
    parts = [", ".join(ahead), *renames, *([", ".join(told)] if told else ())]
    text = f"; {alter}".join(parts)
    return Span(first, last), text + "\n" * (ground.text.count("\n", first, last) - text.count("\n"))


def _head(change: ops.AlterColumnType) -> str:
    assert change.relation is not None
    there, only = "IF EXISTS " if change.if_exists else "", "ONLY " if change.only else ""
    return f"ALTER TABLE {there}{only}{spelled_name(change.relation)} "


def _stands_behind(operation: Operation, own: list[Copied], ground: Ground) -> bool:
    """PostgreSQL changes types after what is dropped, and before anything else, whatever stands first."""
    return operation.kind not in _FIRST and any(_is_about(operation, each, ground) for each in own)


def _renamed(operation: Operation, begun: list[Copied], ground: Ground) -> str | None:
    """An operation's text on the new columns; None where it names none of the old ones."""
    named = [each for each in begun if _is_about(operation, each, ground)]
    if not named or operation.kind in _BY_ITS_RECIPE:
        return None
    text, names = ground.text_of(operation), {each.change.column: each.new for each in named}
    own = operation.relation is not None and ground.furniture.catalog.resolve(operation.relation) == named[0].table
    if own and operation.kind in _OF_COLUMN:
        return _of_column(text, names)
    if own and operation.kind == "comment_on":
        return _on_column(text, names)
    if own and operation.kind == "create_index":
        return renamed_definition(text, "", names, "", "include")
    if own and operation.kind in _LISTS and not _refers(operation, named[0], ground):
        return renamed_definition(text, "ALTER TABLE t ", names, *_LISTS[operation.kind])
    raise lost(operation, ground, named[0].table, named[0].change.column, named[0].new)


def _refers(operation: Operation, copied: Copied, ground: Ground) -> bool:
    """Whether a foreign key goes to the copied column's own table."""
    references = operation.constraint.references if isinstance(operation, ops.AddForeignKey) else None
    return references is not None and ground.furniture.catalog.resolve(references) == copied.table


def _on_column(text: str, names: dict[str, str]) -> str:
    """``COMMENT ON COLUMN … .name IS …``."""
    tokens = scan(text)
    behind = next(place for place, token in enumerate(tokens) if text[token.start : token.end].lower() == "is")
    name = tokens[behind - 1]
    return replaced(text, [(Span(name.start, name.end), spelled(names[folded(text[name.start : name.end])]))])


def _of_column(text: str, names: dict[str, str]) -> str:
    """``ALTER [COLUMN] name ...``."""
    for token in scan(text)[1:3]:
        if (word := folded(text[token.start : token.end])) in names:
            return replaced(text, [(Span(token.start, token.end), spelled(names[word]))])
    return text
