"""Create a table: in expand, as it is. One that is a partition is made by itself, and attached.

CREATE TABLE ... PARTITION OF locks the parent against readers and writers; ATTACH stops neither. LIKE copies what
PARTITION OF would, but for an identity, statistics and comments, which partitions do not get from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.partitions import cleared_default
from zdmigrate.recipes.parts.phased import Phased, Said, Together
from zdmigrate.recipes.parts.renaming import Piece
from zdmigrate.schema.operations import AttachPartition
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Bound, CreateTable

OPERATIONS = ("create_table",)
MEANWHILE = ("does not know the table; finds the rows of a new partition in the parent", "reads and writes the table")
_STOPS = "zdmigrate: allow add-check-validating because it reads no further than the first row, and there is none"
_LIKE = "INCLUDING ALL EXCLUDING IDENTITY EXCLUDING STATISTICS EXCLUDING COMMENTS"


def recipe(operation: CreateTable, ground: Ground) -> Phased:
    assert operation.relation is not None
    text, name = ground.text_of(operation), ground.furniture.catalog.new_name(operation.relation)
    if operation.partition_of is not None:
        return _partition(operation, text, ground)
    if operation.if_not_exists and ground.furniture.catalog.table(operation.relation) is not None:
        return Phased(notes=(f"{name} is there already: IF NOT EXISTS makes nothing.",), expand=(Said("", text),))
    if operation.if_not_exists and not ground.furniture.live:
        kept = f"{name.name} stays after a revert: IF NOT EXISTS may have found it there."
        return Phased(notes=(kept,), expand=(Said("", text),))
    return Phased(expand=(Said("", text),), revert=(Said("", f"DROP TABLE IF EXISTS {ground.spelled(name)}"),))


def _partition(operation: CreateTable, text: str, ground: Ground) -> Phased:
    assert operation.relation is not None
    parent, catalog = ground.table(operation.partition_of), ground.furniture.catalog
    name = catalog.new_name(operation.relation)
    if operation.columns or operation.if_not_exists:
        raise ground.refusal(
            f"{name.name} is a partition with "
            + ("columns of its own" if operation.columns else "IF NOT EXISTS")
            + ": which part of it LIKE has to leave out is not known",
            f"CREATE TABLE {name.name} PARTITION OF {parent.name.name} FOR VALUES ...; and ALTER TABLE below",
        )
    own = [ground.text[each.span.start : each.span.end] for each in operation.constraints]
    head, bound, tail = _parts(text)
    like = ", ".join((f"LIKE {ground.spelled(parent.name)} {_LIKE}", *own))
    cleared = cleared_default(parent, name.name, _bound(bound), ground)
    alter, table = f"ALTER TABLE {ground.spelled(parent.name)}", ground.spelled(name)
    empty = spelled(ground.free(name, "", "is_empty"))
    attach = "SHARE UPDATE EXCLUSIVE: readers and writers go on; the new table is empty."
    why = "\n".join(filter(None, (attach, cleared.lock, cleared.directive)))
    return Phased(
        table=parent.name,
        notes=(
            f"{name.name} takes rows from expand on. A revert stops where it has some: none is lost.",
            *cleared.note,
        ),
        expand=(
            Said("A table by itself: nobody waits for it.", f"{head} ({like}){tail}"),
            *cleared.before,
            Said(why, f"{alter} ATTACH PARTITION {table} {bound}"),
            *cleared.after,
        ),
        revert=(
            Together(
                "The CHECK refuses if a row has come meanwhile: then nothing happens here.",
                (
                    Said(_STOPS, f"ALTER TABLE IF EXISTS {table} ADD CONSTRAINT {empty} CHECK (false)"),
                    Said("", f"DROP TABLE IF EXISTS {table}"),
                ),
            ),
            *cleared.undone,
        ),
    )


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before PARTITION OF, the bounds, and what stands behind them."""
    piece = Piece(text, "")
    words = [(token.start, token.end, text[token.start : token.end].lower()) for token in piece.tokens]
    depth, outer = 0, []
    for at, (_, _, word) in enumerate(words):
        depth -= word == ")"
        outer += [at] if depth == 0 else []
        depth += word == "("
    of = next(at for at in outer if words[at][2] == "partition")
    begin = next(at for at in outer if at > of + 1 and words[at][2] in ("for", "default"))
    last = begin if words[begin][2] == "default" else _closing(words, outer, begin)
    return text[: words[of][0]].rstrip(), text[words[begin][0] : words[last][1]], text[words[last][1] :]


def _closing(words: list[tuple[int, int, str]], outer: list[int], begin: int) -> int:
    """Where the last list of the bounds ends: two of them for a range."""
    count = 2 if words[begin + 2][2] == "from" else 1
    return [at for at in outer if at > begin and words[at][2] == ")"][count - 1]


def _bound(written: str) -> Bound | None:
    """The bounds, which CREATE TABLE has as ATTACH PARTITION has them."""
    [statement] = read_script(f"ALTER TABLE t ATTACH PARTITION p {written}").statements
    [operation] = statement.operations
    return operation.bound if isinstance(operation, AttachPartition) else None
