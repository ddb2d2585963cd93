"""Which statements write few rows, as a batch does, and which do no harm when they run a second time."""

from __future__ import annotations

import pytest

from tests.schema.claims import last_facts

TABLE = """
create table t (id bigint primary key, x int, y int, code text unique, place text, zone text, unique (y, place));
create unique index on t (zone, lower(place));
"""
BATCHED = [
    "update t set x = 1 where id between 1 and 1000",
    "update t set x = 1 where id >= 1 and id < 1000",
    "update t set x = 1 where t.id > 1 and (y is null) and t.id <= 1000",
    "update t set x = 1 where id = 5",
    "update t set x = 1 where id in (1, 2, 3)",
    "update t set x = 1 where code = 'a'",
    "update t set x = 1 where y = 5 and place = 'here'::text",
    "delete from t where place = 'here' and x is null and y = 5",
    "delete from t where place in ('here', 'there') and y = 5",
    "update schema_version set version = 5, minor = '2'",
    "update t set x = 1 where ctid >= '(0,0)' and ctid < '(100,0)'",
    "update t set x = 1 where ctid = any (array(select ctid from t where x is null limit 500))",
    "update t set x = 1 where id in (select id from t where x is null limit 500)",
    "with b as (select id from t where x is null limit 500) update t set x = 1 from b where b.id = t.id",
    "delete from t using (select id from t limit 5) as b where b.id = t.id",
    "delete from t where id in (select id from t where x order by id limit 10 for update skip locked)",
]
UNBATCHED = [
    "update t set x = 1",
    "update t set x = 1 where x is null",
    "update t set x = 1 where id > 1000",
    "update t set x = 1 where id > 1 and id > 5",
    "update t set x = 1 where y = 5",
    "update t set x = 1 where place = 'here'",
    "update t set x = 1 where y = 5 or place = 'here'",
    "update t set x = 1 where y = x and place = 'here'",
    "update t set x = 1 where y in (select x from t) and place = 'here'",
    "update t set x = 1 where y = 5 + x and place = 'here'",
    "update t set x = 1 where zone = 'north'",
    "update product_version set released = true",
    "update schema_version set version = minor",
    "delete from schema_version",
    "update t set x = 1 where id = 5 or y = 5",
    "update t set x = 1 where id = y",
    "update t set x = 1 where not id = 5",
    "update t set x = 1 where id in (select id from t)",
    "update t set x = 1 where id not in (select id from t limit 5)",
    "update t set x = 1 where y = (select max(y) from t limit 1)",
    "update t set x = 1 from u where u.id = t.id",
    "delete from t",
    "delete from t where y < 5",
]


@pytest.mark.parametrize("sql", BATCHED)
def test_few_rows_are_written(sql: str) -> None:
    assert last_facts(TABLE, sql)["batched"]


def test_a_functions_parameters_are_one_value_each() -> None:
    made = "create function f(_y int, _place text) returns void language plpgsql as $$ begin {} end $$;"
    one = made.format("delete from t where y = _y and place = _place;")
    many = made.format("delete from t where y = _y or place = _place;")
    columns = made.format("delete from t where y = x and place = _place;")

    assert last_facts(TABLE + one, "select f(1, 'here')")["batched"]
    assert not last_facts(TABLE + many, "select f(1, 'here')")["batched"]
    assert not last_facts(TABLE + columns, "select f(1, 'here')")["batched"]


@pytest.mark.parametrize("sql", UNBATCHED)
def test_any_number_of_rows_may_be_written(sql: str) -> None:
    assert not last_facts(TABLE, sql)["batched"]


REPEATABLE = [
    "update t set x = y",
    "update t set x = y + 1, z = y where x is null",
    "update t set x = lower(x)",
    "update t set x = trim(lower(x)) where x is not null",
    "update t set x = coalesce(x, 0)",
    "update t set x = x + 1, done = true where done is null",
    "update t set x = x + 1, done = true where not done",
    "update t set x = x + 1, state = 'new' where state = 'old'",
    "update t set x = x + 1, state = 'new' where state <> 'new'",
    "update t set x = x + 1, state = 'new' where state is distinct from 'new'",
    "update t set x = gen_random_uuid() where x is null",
    'update t set "%" = random() where "%" is null',
    'update t set ")" = random() where t.")" is null',
    "update t set x = now()",
    "insert into t select * from u on conflict do nothing",
    "delete from t where x",
]
UNREPEATABLE = [
    "update t set n = n + 1",
    "update t set n = n * 100 where n > 0",
    "update t set x = x || 'a'",
    "update t set x = y, y = x",
    "update t set x = random()",
    "update t set x = upper(x) || lower(x)",
    "update t set x = x + 1, done = true where done = true",
    "update t set x = x + 1, done = y where done is null",
    "update t set x = x + 1, done = null where done is null",
    "update t set x = x + 1, state = 'new' where state = 'new' or state = 'old'",
    "update t set (x, y) = (select x + 1, y from t t2 where t2.id = t.id)",
    "insert into t select * from u",
    "insert into t select * from u on conflict (id) do update set x = t.x + 1",
    "merge into t using u on t.id = u.id when not matched then insert values (1)",
]


@pytest.mark.parametrize("sql", REPEATABLE)
def test_a_second_time_does_no_harm(sql: str) -> None:
    assert last_facts("", sql, "backfill")["repeatable"]


@pytest.mark.parametrize("sql", UNREPEATABLE)
def test_a_second_time_does_harm(sql: str) -> None:
    assert not last_facts("", sql, "backfill")["repeatable"]
