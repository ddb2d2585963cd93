"""What follows from earlier statements of a change, and from what depends on a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.schema.claims import analysed
from tests.schema.fact_examples import ADDED, EXAMPLES, MOOD, READ
from tests.schema.samples import SHOP
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.state import Terms
from zdmigrate.schema.walk import analyse
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from tests.servers.database import Database


@pytest.mark.parametrize(("given", "sql", "wanted"), EXAMPLES, ids=[sql for _, sql, _ in EXAMPLES])
def test_the_last_operation_has_these_facts(given: str, sql: str, wanted: dict[str, Any]) -> None:
    facts = analysed(given, sql)[-1].facts
    assert {name: facts[name] for name in wanted} == wanted


def test_what_is_turned_off_and_on_in_one_transaction_is_never_missed() -> None:
    off, on = "alter table users disable trigger all", "alter table users enable trigger all"
    assert analysed(SHOP, f"begin; {off}; {on}; commit")[1].facts["additive"]
    assert not analysed(SHOP, f"begin; {off}; commit; {on}")[1].facts["additive"]


def test_a_function_that_is_made_anew_in_the_same_transaction_names_what_is_there() -> None:
    renamed = "alter table users rename email to mail"
    made = "create or replace function g() returns bigint language sql as 'select 1'"
    assert analysed(READ, f"begin; {renamed}; {made}; commit")[1].facts["functions"] == ""
    assert analysed(READ, f"begin; {renamed}; commit; {made}")[1].facts["functions"] == "g"


def test_a_trigger_that_is_made_again_in_one_transaction_is_never_missed() -> None:
    made = "create trigger t before insert on users for each row execute function f()"
    assert analysed(f"{SHOP} {made};", f"begin; drop trigger t on users; {made}; commit")[1].facts["additive"]


def test_nobody_misses_a_table_that_no_file_has_made_before_this_one_makes_it() -> None:
    made = "create table notes (id bigint)"
    first = analysed("", f"begin; drop table if exists notes; {made}; commit")[1]
    assert first.facts["additive"]
    assert not first.effects.locks
    assert not analysed(f"{made};", f"drop table if exists notes; {made}")[0].facts["additive"]
    assert not analysed("", f"drop table notes; {made}")[0].facts["additive"]
    assert not analysed("", "drop table if exists notes")[0].facts["additive"]


def test_the_tool_that_runs_a_file_is_told() -> None:
    statements = [("", statement) for statement in read_script("vacuum t").statements]
    around, terms = {"": "tool"}, Terms(tool="flyway")
    (found,) = analyse(statements, Catalog(), 18, transactions=around, terms=terms)
    assert found.facts["tool"] == "flyway"
    assert found.facts["transaction"] == "which flyway puts around the file"


USES = [
    "update users set mood = 'new'",
    "insert into users (id, mood) values (1, 'new')",
    "alter table users add x mood default 'new'",
    "alter table users alter mood set default 'new'",
    "alter table users add check (mood <> 'new')",
    "create index on users (id) where mood = 'new'",
    "create view v as select id from users where mood = 'new'",
    "select id from users where mood = 'new'",
    "insert into users (id, note) values (1, 'old')",
    "update users set mood = 'sad'",
]


@pytest.mark.parametrize("use", USES)
def test_a_new_enum_value_is_found_where_the_server_refuses_it(use: str, database: Database) -> None:
    found = analysed(MOOD, ADDED + use)[-1].facts["enum_value"]
    with database.connect() as connection:
        connection.execute(MOOD)
        try:
            connection.execute(ADDED + use)
        except psycopg.errors.UnsafeNewEnumValueUsage:
            assert found == "new"
        else:
            assert found == ""
