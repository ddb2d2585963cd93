"""What a domain is, from the statements that made it: its base type, its default, and what it forbids.

PostgreSQL writes the whole table anew for a new column of a domain that has a constraint, whether or not it has a
default, and so for a copy of one (measured on 14 to 18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.renaming import Piece, with_columns
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.schema import operations as ops
from zdmigrate.schema.filling import is_constrained_domain
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.grammar import parse
from zdmigrate.sql.script import read_script
from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Column, TypeName


class Based(Value):
    """A column as one of its domain's base type: ``checks`` are what the domain forbids, as SQL over the column."""

    column: Column
    checks: tuple[str, ...] = ()


def based(column: Column, ground: Ground) -> Based:
    """The column itself where its type has no constraint. Raises CannotRewrite where nobody knows the domain."""
    if is_constrained_domain(column.type, ground.furniture.catalog) is False:
        return Based(column=column)
    domain = _definition(column.type, ground)
    if domain is None:
        raise ground.refusal(
            f"{column.name} is of {column.type.sql}, of which nothing says what it forbids: for a domain with a "
            "constraint PostgreSQL writes the whole table anew",
            "name the database with --dsn; or use the type under the domain, and a CHECK on the table",
        )
    below = based(
        column.changed(
            type=domain.type,
            collation=column.collation or domain.collation,
            default=column.default or domain.default,
            not_null=column.not_null or domain.not_null,
        ),
        ground,
    )
    own = (each.expression.sql for each in domain.constraints if each.type == "check" and each.expression)
    return below.changed(checks=(*below.checks, *(with_columns(each, lambda _: spelled(column.name)) for each in own)))


def refuse_constrained(kind: TypeName, told: str, ground: Ground) -> None:
    """Raise CannotRewrite for a copy of such a type: ADD COLUMN would write the whole table anew."""
    if is_constrained_domain(kind, ground.furniture.catalog):
        raise ground.refusal(
            f"{told} would be of {kind.sql}, a domain with a constraint: for such a column PostgreSQL writes the whole "
            "table anew",
            "use the type under the domain, with CHECKs on the table (ALTER COLUMN ... TYPE from a domain to the type "
            "under it reads no row)",
        )


def _definition(kind: TypeName, ground: Ground) -> Column | None:
    """The domain as a column would be that has all of it; None where it is not known, or not all of it."""
    catalog = ground.furniture.catalog
    schemas = catalog.search_path if kind.schema is None else (kind.schema,)
    texts = (ground.furniture.texts.of(Thing("domain", Name(schema, kind.name))) for schema in schemas)
    made = next((found for found in texts if found), ())
    domain = _made(made[0]) if made else None
    for text in made[1:]:
        domain = domain and _altered(domain, text)
    return domain


def _made(text: str) -> Column:
    """``CREATE DOMAIN d AS`` is followed by what may follow a column's name."""
    piece = Piece(text, "")
    words = [text[token.start : token.end] for token in piece.tokens]
    place = next(number for number, word in enumerate(words) if word.lower() == "domain") + 2
    while words[place] == ".":
        place += 2
    place += words[place].lower() == "as"
    added = _only(f"ALTER TABLE t ADD COLUMN value {text[piece.tokens[place].start :]}")
    assert isinstance(added, ops.AddColumn)
    return added.column


def _altered(domain: Column, text: str) -> Column | None:
    operation = _only(text)
    match operation:
        case ops.AddDomainConstraint(constraint=constraint) if constraint.type == "check":
            return domain.changed(constraints=(*domain.constraints, constraint))
        case ops.AddDomainConstraint() | ops.SetDomainNotNull():
            return domain.changed(not_null=True)
        case ops.ValidateDomainConstraint():
            return domain
    [kind] = parse(text)["stmts"][0]["stmt"]
    return None if kind == "AlterDomainStmt" else domain  # DROP CONSTRAINT, SET DEFAULT and the like; else its owner


def _only(text: str) -> ops.Operation:
    return read_script(text).statements[0].operations[0]
