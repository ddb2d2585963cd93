"""A change's sections become steps: what belongs together, what is refused, and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from zdmigrate.errors import InputError
from zdmigrate.plan.build import build_plan
from zdmigrate.plan.step import ALONE, BACKFILL, TRANSACTION
from zdmigrate.schema.catalog import Catalog
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan
    from zdmigrate.schema.names import Name


def text_of(table: Name, column: str) -> str:
    return "text"


def plan(sql: str, phase: str = "expand") -> Plan:
    change = read_change("m/001_x.sql", sql)
    return build_plan(change, phase, app="shop", catalog=Catalog(), major=18, type_of=text_of)


def modes(sql: str, phase: str = "expand") -> list[tuple[str, int]]:
    """Mode and number of statements of each step."""
    return [(step.mode, len(step.statements)) for step in plan(sql, phase).steps]


def test_each_statement_is_a_transaction_and_begin_to_commit_is_one() -> None:
    sql = "CREATE TABLE a (id int);\nBEGIN;\nCREATE TABLE b (id int);\nCREATE TABLE c (id int);\nCOMMIT;\n"
    assert modes(sql) == [(TRANSACTION, 1), (TRANSACTION, 2)]


def test_what_postgresql_refuses_in_a_transaction_stands_alone() -> None:
    sql = "CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY i ON a (id);\nVACUUM a;\n"
    assert modes(sql) == [(TRANSACTION, 1), (ALONE, 1), (ALONE, 1)]


def test_sections_of_a_phase_are_counted_through() -> None:
    sql = (
        "-- zdmigrate: expand\nALTER TABLE a ADD COLUMN b text;\n-- zdmigrate: backfill\nUPDATE a SET b = c;\n"
        "-- zdmigrate: expand\nCREATE INDEX CONCURRENTLY i ON a (b);\n-- zdmigrate: contract\nDROP TABLE d;\n"
    )
    steps = plan(sql).steps
    assert [(step.position, step.mode, step.line) for step in steps] == [
        (0, TRANSACTION, 2), (1, BACKFILL, 4), (2, ALONE, 6),
    ]  # fmt: skip
    assert modes(sql, "contract") == [(TRANSACTION, 1)]
    assert modes(sql, "revert") == []


def test_settings_are_no_steps_and_belong_to_what_follows_in_their_section() -> None:
    sql = (
        "-- zdmigrate: expand\nCREATE TABLE a (id int);\nSET search_path = s;\nCREATE TABLE b (id int);\n"
        "SET ROLE r;\nCREATE TABLE c (id int);\n-- zdmigrate: expand\nCREATE TABLE d (id int);\n"
    )
    assert [step.settings for step in plan(sql).steps] == [
        (), ("SET search_path = s",), ("SET search_path = s", "SET ROLE r"), (),
    ]  # fmt: skip


def test_a_setting_within_a_group_stays_in_it() -> None:
    [step] = plan("BEGIN;\nSET LOCAL search_path = s;\nCREATE TABLE b (id int);\nCOMMIT;\n").steps
    assert step.statements == ("SET LOCAL search_path = s", "CREATE TABLE b (id int)")
    assert step.settings == ()


def test_a_step_names_the_strongest_lock_on_each_relation() -> None:
    [step] = plan(
        "-- zdmigrate: contract\nBEGIN;\nDROP TRIGGER t ON a;\nALTER TABLE a DROP COLUMN b;\nDROP TABLE c;\nCOMMIT;\n",
        "contract",
    ).steps
    assert {str(name): mode.pg_locks for name, mode in step.locks} == {
        "public.a": "AccessExclusiveLock", "public.c": "AccessExclusiveLock",
    }  # fmt: skip
    assert step.brief


def test_a_fingerprint_is_of_what_runs_not_of_its_place() -> None:
    [first] = plan("CREATE TABLE a (id int);\n").steps
    [moved] = plan("-- words\n\n\nCREATE TABLE a (id int);\n").steps
    [other] = plan("CREATE TABLE a (id bigint);\n").steps
    _, under_a_setting = plan("CREATE TABLE b ();\nSET search_path = s;\nCREATE TABLE a (id int);\n").steps
    assert moved.fingerprint == first.fingerprint
    assert len({first.fingerprint, other.fingerprint, under_a_setting.fingerprint}) == 3


def test_a_plan_is_json_and_says_how_it_differs_from_a_stored_one() -> None:
    before, after = plan("CREATE TABLE a (id int);\n"), plan("CREATE TABLE a (id bigint);\n")
    stored = json.loads(json.dumps(before.to_json()))
    assert before.difference(stored) == ()
    assert after.difference(stored) == ("step 1 is another: line 1",)
    longer = plan("CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n")
    assert longer.difference(stored) == ("2 steps, where 1 were planned",)


REFUSED = {
    "BEGIN;\nBEGIN;\nCOMMIT;\n": "m/001_x.sql:2: BEGIN within BEGIN",
    "CREATE TABLE a ();\nCOMMIT;\n": "m/001_x.sql:2: COMMIT without BEGIN",
    "BEGIN;\nCREATE TABLE a ();\n": "m/001_x.sql:1: BEGIN without COMMIT in this file",
    "BEGIN;\nCREATE TABLE a ();\nROLLBACK;\n": "m/001_x.sql:3: ROLLBACK has no place in a change",
    "BEGIN;\nCREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY i ON a (id);\nCOMMIT;\n": (
        "m/001_x.sql:3: PostgreSQL refuses this in a transaction"
    ),
    "CREATE TABLE a ();\nCREATE TEMPORARY TABLE b ();\n": "m/001_x.sql:2: a temporary table is gone",
    "CREATE TABLE a ();\nLISTEN x;\n": "m/001_x.sql:2: LISTEN changes only its own session",
    "CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY ON a (id);\n": "m/001_x.sql:2: an index that is built",
    "CREATE TABLE a ();\nALTER TABEL a ADD b int;\n": 'm/001_x.sql:2: syntax error at or near "TABEL"',
    "-- words\nDROP TABLE a;\n": "m/001_x.sql:2: this file has no sections",
    "-- zdmigrate: backfill\nCREATE TABLE a ();\n": "m/001_x.sql:2: a backfill section holds UPDATE",
    "-- zdmigrate: backfill\nUPDATE a SET n = n + 1;\n": "m/001_x.sql:2: this statement is not harmless",
    "-- zdmigrate: backfill\nUPDATE a SET b = c RETURNING b;\n": "m/001_x.sql:2: a backfill returns no rows",
    "-- zdmigrate: backfill\nINSERT INTO a SELECT * FROM b;\n": "m/001_x.sql:2: this",
    "-- zdmigrate: backfill\nINSERT INTO a SELECT * FROM b ORDER BY 1 ON CONFLICT DO NOTHING;\n": (
        "m/001_x.sql:2: this INSERT cannot run in ranges: its ORDER sees the whole table at once"
    ),
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_cannot_be_run_is_refused_with_its_place(sql: str) -> None:
    with pytest.raises(InputError) as refused:
        plan(sql)
    assert str(refused.value).startswith(REFUSED[sql])
    assert refused.value.hint or "ranges" in str(refused.value)
