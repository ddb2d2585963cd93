"""Whether a statement that writes rows is bounded, and whether it is harmless when it meets a row twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.conditions import Tokens, column_and_rest, conjuncts, is_bounded, tokens_of
from zdmigrate.schema.volatility import is_volatile

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import Assignment, Delete, Expression, Update
    from zdmigrate.schema.relations import Index

# f(f(x)) = f(x)
_NAMES = "lower upper btrim ltrim rtrim trim initcap abs coalesce round floor ceil"
_SETTLED_AT_ONCE = frozenset(_NAMES.split())


def is_batched(operation: Update | Delete, catalog: Catalog) -> bool:
    """Whether it writes few rows, whatever is in the table."""
    where = operation.where
    if where is None or operation.limited:
        return operation.limited or _keeps_the_version(operation)
    variables = _variables(operation, where, catalog)
    if is_bounded(where.sql, {*where.columns} - variables, _keys(operation, catalog)):
        return True
    given = {column for column, rest in map(column_and_rest, conjuncts(where.sql)) if _is_given(rest, variables)}
    return any(given.issuperset(index.columns) for index in _unique_indexes(operation, catalog))


def _keeps_the_version(operation: Update | Delete) -> bool:
    """``UPDATE schema_version SET version = 5``: the one row in which a runner keeps how far the schema has come."""
    assignments: tuple[Assignment, ...] = getattr(operation, "assignments", ())
    constant = all(one.expression is not None and one.expression.constant for one in assignments)
    named = operation.relation is not None and operation.relation.name.endswith("version")
    return named and constant and any("version" in one.column for one in assignments)


def _variables(operation: Update | Delete, where: Expression, catalog: Catalog) -> set[str]:
    """In a function's body, the names in a WHERE that are no columns of its one table: they have one value each."""
    table = None if operation.relation is None else catalog.table(operation.relation)
    if table is None or not table.complete or operation.sources:
        return set()
    return set(where.columns) - table.columns.keys()


def _is_given(rest: Tokens, variables: set[str]) -> bool:
    if rest[:1] == ("in",):
        return all(part in "(,)" or _is_literal(part) for part in rest[1:])
    one = rest[1] if rest[:1] == ("=",) and len(rest) > 1 else ""
    return bool(one) and (_is_literal(one) or one[0] == "$" or one in variables) and rest[2:3] in ((), ("::",))


def _unique_indexes(operation: Update | Delete, catalog: Catalog) -> list[Index]:
    """Those over plain columns and all rows: of an expression the columns alone are not unique."""
    if operation.relation is None:
        return []
    found = catalog.indexes_of(operation.relation)
    return [index for index in found if index.unique and index.columns and not (index.partial or index.mentioned)]


def _keys(operation: Update | Delete, catalog: Catalog) -> set[str]:
    """Columns that are unique by themselves; where the table is not known, those named like keys."""
    keys = {"ctid"}
    if operation.relation is None:
        return keys
    table = catalog.table(operation.relation)
    keys |= {index.columns[0] for index in _unique_indexes(operation, catalog) if len(index.columns) == 1}
    if table is None or not table.complete:
        name = operation.relation.name
        keys |= {"id", "uuid", "guid", f"{name}_id", f"{name.removesuffix('s')}_id"}
    return keys


def is_repeatable_update(operation: Update, catalog: Catalog) -> bool:
    """Whether running it again leaves the rows as the first run left them.

    It does where no SET reads a column that the statement sets, nor a volatile function; or where the WHERE is
    false for every row that the statement has written.
    """
    assigned = {assignment.column for assignment in operation.assignments}
    doubtful = [one for one in operation.assignments if not _is_settled(one, assigned, catalog)]
    if not doubtful:
        return True
    where = () if operation.where is None else conjuncts(operation.where.sql)
    empty_before = {column for column, rest in map(column_and_rest, where) if rest in (("is", "null"), ("isnull",))}
    if {assignment.column for assignment in doubtful} <= empty_before:
        return True
    return any(_is_false_after(condition, operation) for condition in where)


def _is_settled(assignment: Assignment, assigned: set[str], catalog: Catalog) -> bool:
    expression = assignment.expression
    if expression is None or (expression.subquery and not assigned.isdisjoint(expression.columns)):
        return False
    if is_volatile(expression, catalog):
        return False
    read = assigned.intersection(expression.columns)
    return not read or (read == {assignment.column} and _settles(expression, assignment.column))


def _settles(expression: Expression, column: str) -> bool:
    """lower(email), trim(lower(email)): nothing but calls after which the same call changes nothing."""
    called = {call.name for call in expression.calls}
    if len(set(expression.columns)) != 1 or not called <= _SETTLED_AT_ONCE:
        return False
    return all(
        part in "(),." or part in _SETTLED_AT_ONCE or part == column or _is_literal(part)
        for part in tokens_of(expression.sql)
    )


def _is_literal(part: str) -> bool:
    return "'" in part or part[:1].isdigit() or part in ("null", "true", "false")


def _is_false_after(condition: Tokens, operation: Update) -> bool:
    """``done IS NULL``, ``NOT done``, ``done = false``, ``state <> 'x'`` with a constant that makes it false."""
    negated = condition[:1] == ("not",)
    column, rest = column_and_rest(condition[1:] if negated else condition)
    value = _constant_given(column, operation)
    if value is None or value == ("null",):
        return False
    if negated or rest == ():
        return rest == () and value == (("true",) if negated else ("false",))
    if rest in (("is", "null"), ("isnull",)):
        return True
    if rest[0] == "=" or (rest[0] == "is" and len(rest) == 2):
        return len(rest) == 2 and _is_literal(rest[1]) and rest[1:] != value
    if rest[:3] == ("is", "distinct", "from") or rest[:2] == ("is", "not"):
        return rest[-1:] == value
    return rest[0] in ("<>", "!=") and rest[1:] == value


def _constant_given(column: str, operation: Update) -> Tokens | None:
    for assignment in operation.assignments:
        if assignment.column == column and assignment.expression is not None and assignment.expression.constant:
            return tokens_of(assignment.expression.sql)
    return None
