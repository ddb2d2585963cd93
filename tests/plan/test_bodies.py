"""A DO is one step, which holds what its statements hold together; what cannot run in one is refused."""

from __future__ import annotations

import pytest

from tests.plan.test_build import modes, plan
from zdmigrate.errors import InputError
from zdmigrate.plan.step import TRANSACTION
from zdmigrate.schema.lock_modes import LockMode

EXPAND = "-- zdmigrate: expand\n"


def test_a_block_is_one_step_with_the_locks_of_all_its_statements() -> None:
    sql = "DO $$ BEGIN ALTER TABLE a ADD COLUMN x int; SET LOCAL work_mem = '1MB'; CREATE INDEX i ON b (c); END $$;\n"
    (step,) = plan(EXPAND + sql).steps
    assert step.mode == TRANSACTION
    assert {str(name): mode for name, mode in step.locks} == {
        "public.a": LockMode.ACCESS_EXCLUSIVE,
        "public.b": LockMode.SHARE,
    }
    assert (step.builds_index, step.sets, step.unknown, step.settings) == (True, True, False, ())


def test_what_a_called_function_does_is_in_the_step_of_the_call() -> None:
    made, called = plan(
        EXPAND + "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'ALTER TABLE a ADD COLUMN x int';\nSELECT f();\n"
    ).steps
    assert made.locks == ()
    assert [str(name) for name, _ in called.locks] == ["public.a"]
    assert called.statements == ("SELECT f()",)


def test_temporary_tables_and_settings_of_a_body_are_its_own() -> None:
    assert modes(EXPAND + "DO $$ BEGIN CREATE TEMP TABLE t (i int) ON COMMIT DROP; SET x.y = 1; END $$;\n") == [
        (TRANSACTION, 1)
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("COMMIT;", "COMMIT in the body of DO"),
        ("PERFORM 1; ROLLBACK;", "ROLLBACK in the body of DO"),
        ("CREATE INDEX CONCURRENTLY i ON a (b);", "PostgreSQL refuses this in a transaction"),
        ("VACUUM a;", "PostgreSQL refuses this in a transaction"),
        ("DROP TABLE a;", "an expand only adds"),
        ("DROP TABEL a;", 'syntax error at or near "TABEL"'),
    ],
)
def test_what_cannot_run_in_a_step_is_refused_in_a_body_too(body: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        plan(f"{EXPAND}DO $$ BEGIN {body} END $$;\n")
    assert str(refused.value).startswith(f"m/001_x.sql:2: {says}")
