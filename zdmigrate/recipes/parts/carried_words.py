"""What is said of a column, or through it: settings, comments, privileges, statistics, policies, views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import labelled
from zdmigrate.recipes.parts.move import Load
from zdmigrate.recipes.parts.phased import Said
from zdmigrate.recipes.parts.renaming import Piece, folded, renamed_definition, replaced
from zdmigrate.recipes.parts.views import renamed_view
from zdmigrate.schema.names import Span
from zdmigrate.schema.spelling import spelled, spelled_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.move import Move


def setting(each: Hanging, move: Move) -> Load:
    piece = Piece(each.sql, "ALTER TABLE t ")
    names = [token for token in piece.tokens if token.start >= piece.shift][1:3]
    token = next(token for token in names if piece.whole[token.start : token.end].lower() != "column")
    place = Span(token.start - piece.shift, token.end - piece.shift)
    (new,) = move.named(each.columns)
    return Load(expand=(Said("", f"{move.alter} {replaced(each.sql, [(place, spelled(new))])}"),))


def comment(each: Hanging, move: Move) -> Load:
    (new,) = move.named(each.columns)
    column = f"{move.ground.spelled(move.table.name)}.{spelled(new)}"
    return Load(expand=(Said("", f"COMMENT ON COLUMN {column} IS {each.sql}"),))


def grant(each: Hanging, move: Move) -> Load:
    """Without it, the new version gets 42501."""
    piece = Piece(each.sql, "")
    end = next(token.start for token in piece.tokens if each.sql[token.start : token.end].lower() == "on")
    places, inside = [], False
    for token in piece.tokens:
        word = each.sql[token.start : token.end]
        inside = (inside or word == "(") and word != ")" and token.start < end  # SELECT may be a column's name, too
        if inside and folded(word) in move.names:
            places.append((Span(token.start, token.end), spelled(move.names[folded(word)])))
    return Load(expand=(Said("", replaced(each.sql, places)),))


def statistics(each: Hanging, move: Move) -> Load:
    """Extended statistics go with any of their columns; the planner has the new ones from the next ANALYZE on."""
    piece = Piece(each.sql, "CREATE STATISTICS s ON ", " FROM t")
    found = {span: words[-1] for span, words in piece.references()} | dict(piece.elements())
    places = [(span, spelled(move.names[word])) for span, word in found.items() if word in move.names]
    name = move.ground.free(move.table.name, "_".join(move.named(each.columns)), "stat")
    whole, kinds = move.ground.beside(move.table.name, name), f" ({each.type})" if each.type else ""
    table = move.ground.spelled(move.table.name)
    return Load(
        filled=(
            Said(
                f"In the place of {each.name}; ANALYZE fills it.",
                f"CREATE STATISTICS {whole}{kinds} ON {replaced(each.sql, places)} FROM {table}",
            ),
        ),
        behind=(Said("", f"ALTER STATISTICS {whole} RENAME TO {spelled(each.name)}"),),
        revert=(Said("", f"DROP STATISTICS IF EXISTS {whole}"),),
    )


def label(each: Hanging, move: Move) -> Load:
    return Load(behind=(Said("", labelled(each, move.table, move.ground)),))


def policy(each: Hanging, move: Move) -> Load:
    """As the database describes it; what a file wrote may name columns of other tables, too."""
    told = f"the policy {each.name} of {move.table.name} names {', '.join(move.names.keys() & each.columns)}"
    if not each.sql.startswith("ALTER POLICY "):
        raise move.ground.refusal(told, "name the database with --dsn: it says what the policy means")
    if move.changes_type_of(each) or "select" in each.sql.lower():
        raise move.ground.refusal(f"{told}, and cannot be written anew", "write its contract by hand")
    renamed = renamed_definition(each.sql, "", move.names)
    return Load(ahead=(Said("The same rows, by the new column.", renamed),))


def publication(each: Hanging, move: Move) -> Load:
    """A list of columns is given anew as a whole; a subscriber has to have the new column by then."""
    if not each.type:
        told = f"the publication {each.name} names {move.table.name}.{', '.join(move.names.keys() & each.columns)}"
        raise move.ground.refusal(told, "name the database with --dsn: it says what the publication lists")
    publication, table = spelled(each.name), move.ground.spelled(move.table.name)
    columns = renamed_definition(each.type, "CREATE INDEX i ON t ", move.names, "") if each.type != "()" else ""
    rows = renamed_definition(each.sql, "SELECT FROM t", move.names)
    new = ", ".join(map(spelled, move.named(move.names.keys() & each.columns)))
    return Load(
        ahead=(
            Said("", f"ALTER PUBLICATION {publication} DROP TABLE {table}"),
            Said("", f"ALTER PUBLICATION {publication} ADD TABLE {table} {columns}{rows}"),
        ),
        notes=(f"Subscribers of {each.name} have to have {new} before contract.",),
    )


def view(each: Hanging, move: Move) -> Load:
    """Its output keeps its names and its types, or its readers would notice."""
    told = f"the view {each.name} reads {move.table.name}.{', '.join(move.names.keys() & each.columns)}"
    converted = sorted(move.changed & move.names.keys() & set(each.columns))
    if any(column not in move.downs for column in converted):
        raise move.ground.refusal(
            f"{told}: a view cannot change the type of what it gives",
            "drop it in a change of its own first, and make it again after this one's contract",
        )
    values = {column: _as_before(column, move) for column in converted}
    query = renamed_view(each.sql, move.table.name, move.names, move.ground.furniture.catalog, values)
    if query is None:
        raise move.ground.refusal(
            f"{told} by a star, a USING or a whole row, and cannot be written anew",
            "name the database with --dsn: it knows the view with all its columns named",
        )
    return Load(ahead=(Said("The same output, from the new column.", query),), notes=_kept(each, converted, move))


def _as_before(column: str, move: Move) -> str:
    """What an old version found there, of the old type and collation."""
    collation = move.table.columns[column].collation
    return f"{move.downs[column]} COLLATE {spelled_name(collation)}" if collation else move.downs[column]


def _kept(each: Hanging, converted: list[str], move: Move) -> tuple[str, ...]:
    kinds = (f"{column} as {kind.sql}" for column in converted if (kind := move.table.columns[column].type))
    told = ", ".join(kinds)
    if not told:
        return ()
    return (
        f"The view {each.name} gives {told} after contract, too, as it did: else prepared queries would fail.",
        f"Through {each.name} nobody can write that from contract on; a view with a new name can give the new column.",
    )


def partition_key(each: Hanging, move: Move) -> Load:
    raise move.ground.refusal(
        f"the {each.told} names {', '.join(move.names.keys() & each.columns)}: no column of it can go",
        "make a table with the other key, and copy; or leave the column as it is",
    )


def bystander(each: Hanging, move: Move) -> Load:
    raise move.ground.refusal(
        f"{each.told} names {move.table.name}.{', '.join(move.names.keys() & each.columns)}, and cannot be carried",
        "drop it in a change of its own first, and make it again after this one's contract",
    )
