"""Every example of every rule, linted and run: bad is found, good is not, and what is claimed of both is so."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.schema.claims import claimed
from tests.schema.observe import observe
from tests.schema.samples import Sample
from tests.schema.test_effects import locks_must_agree, work_on_rows_must_agree
from tests.usage.repository import released
from zdmigrate.config import Config, Lint
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import read_rules
from zdmigrate.sources.change import read_change
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import Database
    from zdmigrate.lint.rule import Example, Rule
    from zdmigrate.sql.script import Statement

RULES = read_rules()
ALL = [(rule, example) for rule in RULES for example in rule.examples]
EXAMPLES = [pytest.param(rule, example, id=f"{rule.name}-{example.title}") for rule, example in ALL]
BREAKING = [pytest.param(example, id=f"{rule.name}-{example.title}") for rule, example in ALL if example.breaks]
# PostgreSQL refuses these, or they are about what no server sees.
NOT_RUN = (
    "syntax-error",
    "duplicate-column-assignment",
    "concurrently-in-transaction",
    "unused-allow",
    "unknown-allow",
    "runs-on-in-psql",
    "set-tablespace",
    "change-type-used-by-view",
    "lock-table",
)
# No single statement fails: two sessions have to meet (the rule tells how often they did).
NEEDS_TWO_SESSIONS = {"twin-unique-upsert"}
SINCE = {("set-access-method", ""): 15, ("unbatched-backfill", "MERGE"): 15, ("set-expression", ""): 17}
every_example = pytest.mark.parametrize(("rule", "example"), EXAMPLES)


def findings(rule: Rule, example: Example, sql: str) -> list[str]:
    """The rules that are raised for ``sql`` as a change after ``given``; this one is on."""
    config = Config(lint=Lint(severity={rule.name: "hint"} if rule.severity == "off" else {}))
    marker = f"-- zdmigrate: {example.section}\n" if example.section else ""
    history = [read_change("1.sql", example.given)] if example.given else []
    changes = [*history, read_change("2.sql", marker + sql)]
    with released(example.released) as usage:
        result = lint_changes(changes, config, RULES, reported={"2.sql"}, usage=usage)
    return [found.rule for found in result.findings]


def script(*parts: str) -> str:
    return "\n".join(map(dedent, parts))


def test_every_rule_has_an_example() -> None:
    assert [rule.name for rule in RULES if not rule.examples] == []


def test_every_compatibility_rule_shows_what_breaks() -> None:
    shown = {rule.name for rule in RULES for example in rule.examples if example.breaks}
    assert {rule.name for rule in RULES if rule.category == "compatibility"} <= shown | NEEDS_TWO_SESSIONS


@every_example
def test_bad_gives_the_finding_and_good_does_not(rule: Rule, example: Example) -> None:
    assert rule.name in findings(rule, example, script(example.bad))
    assert rule.name not in findings(rule, example, script(*example.good))


@every_example
def test_nothing_is_found_where_the_table_is_made_in_the_same_change(rule: Rule, example: Example) -> None:
    """Nobody can notice, or wait for, what happens to a table that was made two lines above."""
    about_tables = rule.category in ("locking", "compatibility", "data") and rule.name != "backfill-not-repeatable"
    if about_tables and "create view" not in example.given:
        whole = script(example.given, example.bad)
        assert rule.name not in findings(rule, example.changed(given=""), whole)


# --------------------------------------------------------------------------- on a server


@pytest.mark.matrix
@every_example
def test_what_is_claimed_of_bad_and_good_is_what_a_server_does(
    rule: Rule, example: Example, any_database: Database
) -> None:
    if rule.name in NOT_RUN:
        return
    with any_database.connect() as connection:
        major = connection.info.server_version // 10_000
    if major < SINCE.get((rule.name, example.title), 0):
        return
    run(any_database, example.given)
    bad = list(single_statements(script(example.bad)))
    all_must_be_as_claimed(any_database, rule, example.given, bad, major)
    if len(bad) > 1:
        run(any_database, f"drop schema public cascade; create schema public; {example.given}")
    good = single_statements(script(*example.good))
    all_must_be_as_claimed(any_database, rule, example.given, [*good, "select 1"], major)


def all_must_be_as_claimed(database: Database, rule: Rule, given: str, statements: list[str], major: int) -> None:
    """Each after those before it; the last is rolled back."""
    for number, statement in enumerate(statements, 1):
        sample = Sample(statement, given)
        must_be_as_claimed(database, sample, major)
        if number < len(statements):
            run(database, statement)
        given += "\n" + statement + ";"


def single_statements(sql: str) -> Iterator[str]:
    """The statements that stand by themselves; of a BEGIN … COMMIT the locks are those of its statements together."""
    statements = read_script(sql).statements
    if not any(operation.kind == "begin" for statement in statements for operation in statement.operations):
        yield from (statement.text for statement in statements)


def must_be_as_claimed(database: Database, sample: Sample, major: int) -> None:
    """What refuses a transaction is measured in test_effects, where it is held up."""
    if refuses_transaction(read_script(sample.sql).statements[0]) or "do $$" in sample.sql:
        return
    claim, seen = claimed(sample.given, sample.sql, major), observe(database, sample.sql)
    locks_must_agree(claim, seen)
    work_on_rows_must_agree(claim, seen, sample)


def refuses_transaction(statement: Statement) -> bool:
    by_itself = any(operation.kind == "vacuum" for operation in statement.operations)
    return by_itself or any(getattr(operation, "concurrently", False) for operation in statement.operations)


@pytest.mark.parametrize("example", BREAKING)
def test_what_breaks_works_before_and_after_good_and_fails_after_bad(example: Example, database: Database) -> None:
    run(database, example.given)
    assert works(database, example.breaks)
    run(database, script(*example.good))
    assert works(database, example.breaks)
    run(database, f"drop schema public cascade; create schema public; {example.given}")
    run(database, script(example.bad))
    assert not works(database, example.breaks)


def run(database: Database, sql: str) -> None:
    """Each statement by itself, as psql would."""
    with database.connect() as connection:
        for statement in read_script(sql).statements:
            connection.execute(statement.text)


def works(database: Database, sql: str) -> bool:
    with database.connect() as connection:
        connection.execute("begin")
        try:
            connection.execute(sql)
        except psycopg.Error:
            return False
        finally:
            connection.execute("rollback")
    return True
