"""The facts of operations: complete for every kind, and what rules need of some."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schema import design_examples, fact_examples
from tests.schema.claims import analysed, last_facts
from tests.schema.samples import ATTACH, SALES, SAMPLES, SHOP, Sample
from tests.schema.test_effects import told
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.fact_table import DEFAULTS, FACTS
from zdmigrate.schema.facts import _OF_EVERY_KIND, _own
from zdmigrate.schema.state import Terms
from zdmigrate.schema.walk import analyse
from zdmigrate.sql.script import read_script

CHECKED = SHOP + "alter table users add constraint c check (name is not null) not valid;"
VALIDATED = CHECKED + "alter table users validate constraint c;"
BREAKS, FITS = {"additive": False}, {"additive": True}
KEYED = "create table k (id int primary key, a int unique, b int); create index k_a_b_idx on k (a, b);"
TRIGGER = """
create table t (id int);
create function f() returns trigger language plpgsql as 'begin return new; end';
create trigger changed before update on t for each row execute function f();
create function price() returns int language sql stable as 'select 1';
create function twice() returns int language sql immutable as 'select 2';
"""


@pytest.mark.parametrize("sample", SAMPLES, ids=told)
def test_every_operation_has_every_fact_and_no_other(sample: Sample) -> None:
    for found in analysed(sample.given, sample.sql):
        assert found.facts.keys() == FACTS.keys()
        for name, value in found.facts.items():
            assert type(value) is type(DEFAULTS[name]), name


@pytest.mark.parametrize("sample", SAMPLES, ids=told)
@pytest.mark.parametrize("around", ["{}", "begin; {}", "begin; lock table users; {}"])
def test_what_is_settled_without_finding_it_out_is_at_its_default(sample: Sample, around: str) -> None:
    for found in analysed(sample.given, around.format(sample.sql)):
        assert {name: found.facts[name] for name in found.facts.settled} == {
            name: DEFAULTS[name] for name in found.facts.settled
        }


@pytest.mark.parametrize("sample", SAMPLES, ids=told)
def test_no_kind_of_operation_says_otherwise_of_what_is_found_out_for_all(sample: Sample) -> None:
    for found in analysed(sample.given, sample.sql):
        assert found.facts.told(_own).keys().isdisjoint(_OF_EVERY_KIND)


def test_every_fact_has_a_meaning_and_some_operation() -> None:
    """A fact that is the same for all samples is of use to no rule."""
    seen: dict[str, set[Any]] = {name: {DEFAULTS[name]} for name in FACTS}
    scripts = [(sample.given, sample.sql, "") for sample in SAMPLES]
    scripts += [(given, sql, facts.get("section", "")) for given, sql, facts in (*EXAMPLES, *fact_examples.EXAMPLES)]
    scripts += [
        ("", KEPT, ""),
        ("create table t (id int primary key)", "delete from t where id = 1", ""),
        ("", f"select {'not ' * 1000} true", ""),
    ]
    for given, sql, section in scripts:
        for found in analysed(given, sql, section=section):
            for name, value in found.facts.items():
                seen[name].add(value)
    seen["lock_budget"].add("200ms")  # which is configured, and tested below
    seen["tool"].add("flyway")  # which a folder says, and test_facts_of_changes tests
    assert [name for name, values in seen.items() if len(values) == 1] == []
    assert [name for name, (_, meaning) in FACTS.items() if not meaning] == []


EXAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    # names, as SQL spells them
    ("", 'alter table "Order" drop column "user"', {"table": '"Order"', "column": '"user"'}),
    ("", "alter table app.orders drop column x", {"table": "app.orders", "relation": "app.orders"}),
    (SHOP, "drop index orders_note_idx", {"table": "orders", "name": "orders_note_idx", "unique": False}),
    ("", "drop index nobody_knows", {"table": "the table of nobody_knows", "additive": False}),
    ("", "reindex schema app", {"table": "every table of the schema app", "refuses_transaction": True}),
    (SHOP, "alter table users add check (age > 5)", {"name": "users_age_check", "expression": "age > 5"}),
    (SHOP, "create index on users (name, lower(email))", {"columns": "name, …", "lock": "SHARE", "blocks": "writes"}),
    # what is proven
    (SHOP, "alter table users alter name set not null", {"proven_not_null": False, "scans": True}),
    (CHECKED, "alter table users alter name set not null", {"proven_not_null": False}),
    (VALIDATED, "alter table users alter name set not null", {"proven_not_null": True, "additive": True}),
    (VALIDATED, "alter table users alter email set not null", {"proven_not_null": False, "additive": False}),
    (VALIDATED, "alter table users rename name to n; alter table users alter n set not null",
     {"proven_not_null": True, "operation": "set_not_null"}),
    (
        VALIDATED + "alter table users rename name to n; alter table users add name text;",
        "alter table users alter name set not null",
        {"proven_not_null": False},
    ),
    ("", "alter table users alter name set not null", {"proven_not_null": False, "scans": True}),
    # what is new
    ("", "create table t (id int); alter table t alter id type bigint", {"table_is_new": True, "additive": True}),
    ("", "create table t (id int); alter table t rename to u; truncate u", {"table_is_new": True}),
    (SHOP, "create table if not exists users (id int); truncate users", {"table_is_new": False}),
    ("", "create temp table t (id int); create index on t (id)", {"table_is_new": True, "temporary": True}),
    ("", "begin; create table t (id int); rollback; alter table t drop column id", {"table_is_new": False}),
    ("", "create table t (id int); drop table t; create index on t (id)", {"table_is_new": False}),
    ("", "alter table t add x int; alter table t drop column x", {"column_is_new": True, "additive": True}),
    ("", "alter table t add x int; alter table t rename x to y; alter table t drop y", {"column_is_new": True}),
    ("", "alter table t add constraint c check (x > 0) not valid; alter table t drop constraint c", {"additive": True}),
    ("", "create unlogged table t (id int); truncate t", {"unlogged": True}),
    (SHOP + "create view names as select name from users;", "alter table users alter name type varchar",
     {"views": "names", "type_change": "none"}),
    # transactions
    ("", "begin; vacuum t", {"in_transaction": True, "refuses_transaction": True}),
    ("", "begin; select 1; commit; vacuum t", {"in_transaction": False}),
    ("", "begin; savepoint s; alter table t add x int; rollback to s; alter table t validate constraint c",
     {"validated_in_same_transaction": False, "held_lock": ""}),
    ("", "begin; alter table t add x int; alter table t validate constraint c",
     {"validated_in_same_transaction": True, "held_lock": "ACCESS EXCLUSIVE", "held_blocks": "reads and writes"}),
    ("", "begin; alter table t add x int; alter table u validate constraint c",
     {"validated_in_same_transaction": False, "held_lock": ""}),
    ("", "alter table t add x int; alter table t validate constraint c", {"validated_in_same_transaction": False}),
    ("", "begin; alter table t rename to u", {"name_is_kept": False}),
    ("", "begin; select 1; rollback; begin", {"transaction_ends": False, "transaction_of": ""}),
    ("", "begin; select 1; begin", {"transaction_of": "file"}),
    ("", "begin; alter table a add x int; alter table b add x int",
     {"held_elsewhere": "a", "held_exclusively": "a", "held_lock": ""}),
    ("", "begin; create table a (x int); alter table b add x int", {"held_elsewhere": "", "held_exclusively": ""}),
    ("", "set lock_timeout = '2s'; alter table a add x int", {"lock_timeout": "2s"}),
    ("", "set lock_timeout = 0; alter table a add x int", {"lock_timeout": ""}),
    ("", "set lock_timeout = '2s'; reset lock_timeout; alter table a add x int", {"lock_timeout": ""}),
    ("", "insert into t select * from u", {"from_query": True}),
    # new columns
    ("", "alter table t add x int not null", {"required": True, "additive": False}),
    ("", "alter table t add x int not null default null", {"required": True}),
    ("", "alter table t add x int primary key", {"required": True, "inline": "primary_key"}),
    ("", "alter table t add x serial not null",
     {"required": False, "fills": "sequence", "plain_type": "integer", "value": "nextval('t_x_seq')"}),
    ("", "alter table t add x int default f()", {"fills": "volatile default", "volatile_default": True}),
    ("create function f() returns int stable language sql as 'select 1';", "alter table t add x int default f()",
     {"fills": "", "volatile_default": False}),
    ("create function f() returns int language sql as 'select 1';", "alter table t add x int default f()",
     {"fills": "volatile default"}),
    ("", "alter table t add x int generated always as (1) stored", {"generated": "stored", "has_default": True}),
    ("", "alter table t add x mood", {"fills": "unknown type"}),
    ("create type mood as enum ('sad');", "alter table t add x mood", {"fills": ""}),
    ("", "alter table t add x citext", {"fills": ""}),
    # unknown
    ("", "do $$ begin end $$", {"analysed": True, "statement": "do"}),
    ("", "do language plperl $$ 1 $$", {"analysed": False, "reason": "its body is written in plperl"}),
    ("", "call f()", {"analysed": False, "reason": "no file here makes f, which it calls"}),
    ("", "do $$ begin create index concurrently i on a (b); end $$",
     {"in_transaction": True, "transaction_of": "body", "refuses_transaction": True}),
    ("", "select drop_everything()", {"analysed": False}),
    ("", "select count(*), now() from t", {"analysed": True}),
    ("", "security label on table t is 'x'", {"analysed": False, "statement": "security_label"}),
    # what old versions notice
    (SHOP, "alter table users disable row level security", {"additive": True}),
    (SHOP, "alter table users no force row level security", {"additive": False}),
    ("alter table t enable row level security", "alter table t disable row level security", {"additive": False}),
    ("", "alter table t disable row level security", {"additive": False}),
    (TRIGGER, "drop function f()", {"additive": True}),
    (TRIGGER, "drop function f() cascade", {"additive": False, "lock": "ACCESS EXCLUSIVE", "analysed": True}),
    (TRIGGER, "drop function price()", {"additive": False}),
    (TRIGGER, "drop function if exists price()", {"additive": False}),
    (TRIGGER, "drop function price(); drop function if exists price()", {"additive": True}),
    (SHOP, "drop view if exists nobody_knows", {"additive": True}),
    (
        "",
        "alter table t drop constraint t_a_fkey",
        {"breaks_old": "rows that it expects to be refused or deleted along stay"},
    ),
    ("", "alter table t drop constraint t_a_check", {"additive": True}),
    ("", "alter table t drop constraint t_a_key", {"additive": False}),
    (SHOP, "revoke all on users from public", {"additive": True}),
    (SHOP, "revoke all on users from app", {"additive": False}),
    (SHOP + "grant select on users to public;", "revoke all on users from public", {"additive": False}),
    (SHOP + "grant select on all tables in schema public to public;", "revoke all on users from public", BREAKS),
    (SHOP + "revoke all on users from app;", "revoke all on users from app", {"additive": True}),
    (SHOP + "revoke insert on users from app;", "revoke all on users from app", {"additive": False}),
    (TRIGGER, "revoke all on function price() from public", {"additive": False}),
    (TRIGGER + "revoke all on function price() from public;", "revoke all on function price() from public", FITS),
    (
        TRIGGER + "revoke all on function price() from public; drop function price();"
        "create function price() returns int language sql as 'select 2';",
        "revoke all on function price() from public",
        BREAKS,
    ),
    ("", "create function g() returns int return 1; revoke all on function g() from public", FITS),
    (TRIGGER, "create or replace function price() returns int return 1; revoke all on function price() from a", BREAKS),
    (SHOP, "drop index if exists orders_note_idx", {"lock": "ACCESS EXCLUSIVE"}),
    (SHOP, "drop index if exists nobody_knows", {"lock": "ACCESS EXCLUSIVE"}),
    (SHOP + "drop index orders_note_idx;", "drop index if exists orders_note_idx", {"lock": ""}),
    (SHOP + "drop index orders_note_idx;", "drop index orders_note_idx", {"lock": "ACCESS EXCLUSIVE"}),
    (
        SHOP + "drop index orders_note_idx; create index orders_note_idx on orders (note);",
        "drop index if exists orders_note_idx",
        {"lock": "ACCESS EXCLUSIVE"},
    ),
    (SHOP, "alter table users alter age type text, alter id type text", {"said_before": True}),
    (SHOP, "alter table users alter age type text; alter table users alter id type text", {"said_before": False}),
    (
        SHOP + "alter table users add check (email <> '');",
        "alter table users alter email type text, alter age type text",  # who writes the rows speaks
        {"said_before": False, "others_retyped": ", and email with it,"},
    ),
    (
        SHOP,
        "alter table users alter age type text, alter email type varchar(90)",
        {"said_before": False, "others_retyped": "", "type_change": "none"},
    ),
    (KEYED, "alter table k drop column if exists c", {"additive": True}),
    (KEYED, "alter table k drop column if exists b", {"additive": False}),
    ("alter table unseen add c int;", "alter table unseen drop column if exists b", {"additive": False}),
    (KEYED + "alter table k drop constraint k_a_key;", "drop index if exists k_a_key", {"lock": ""}),
    (KEYED + "alter table k drop column a;", "drop index if exists k_a_b_idx", {"lock": ""}),
    (KEYED + "drop table k;", "drop index if exists k_pkey", {"lock": ""}),
    (
        KEYED + "alter table k drop constraint k_a_key; alter table k add unique (a);",
        "drop index if exists k_a_key",
        {"lock": "ACCESS EXCLUSIVE"},
    ),
    (SHOP + "create view v as select 1;", "drop view if exists v", {"additive": False}),
    (TRIGGER, "drop function twice() cascade", {"analysed": False, "statement": "DROP FUNCTION ... CASCADE"}),
    ("", "drop function nobody_knows() cascade", {"analysed": False}),
    ("", "drop function if exists nobody_knows() cascade", {"analysed": True, "lock": ""}),
    ("", "drop type nobody_knows cascade", {"analysed": False, "statement": "DROP TYPE ... CASCADE"}),
    ("", "alter role app set search_path to shop", {"analysed": True, "additive": True}),
    (SHOP, "alter table users alter age drop default", {"additive": False}),
    (SHOP, "alter table users alter name drop not null", {"additive": True}),
    (SHOP, "create unique index concurrently i on users (name)", {"additive": False}),
    (SHOP, "create index concurrently i on users (name)", {"additive": True}),
    (SHOP, "alter table users add x int; create unique index concurrently i on users (x)", {"additive": True}),
    (SHOP, "alter table users add constraint c check (age > 0) not valid", {"additive": False, "not_valid": True}),
    (SHOP, "alter table users add x int; alter table users add check (x > 0) not valid", {"additive": True}),
    (CHECKED, "alter table users drop constraint c", {"additive": True, "constraint_type": "check"}),
    (SHOP, "alter table users drop constraint users_pkey cascade", {"additive": False, "cascade": True}),
    ("", "drop trigger if exists t on users", {"additive": True, "if_exists": True}),
    ("", "drop trigger t on users", {"additive": False}),
    ("", "create function f() returns int language sql as 'select 1'; drop function f()", {"object_is_new": True}),
    ("", "revoke select on users from app", {"additive": False}),
    ("", "grant select on users to app", {"additive": True}),
    ("", "alter type mood rename value 'a' to 'b'", {"additive": False}),
    ("", "alter type mood add value 'a'", {"additive": True}),
    ("", "alter table t set schema app", {"additive": False, "new_name": ""}),
    # other words
    ("", "alter table t alter x type text",
     {"type_change": "rewrite", "row_work": "may write every row anew (its present type is not known)"}),
    (SHOP, "alter table orders add foreign key (id) references users (id)",
     {"references": "users", "target": "users (id)", "constraint_type": "foreign_key", "columns": "id"}),
    (SHOP, "alter table only users set (fillfactor = 70)", {"only": True, "options": "fillfactor"}),
    ("", "alter table p detach partition c concurrently", {"other": "c", "concurrently": True, "additive": False}),
    ("", "alter table t add primary key using index i",
     {"using_index": True, "using_index_nullable": False, "index": "i"}),
    ("create table t (id int); create unique index i on t (id);", "alter table t add primary key using index i",
     {"using_index_nullable": True, "row_work": "reads every row"}),
    ("", "update t set x = 1", {"section": "backfill", "whole_table": True}),
    ("", "create type m as enum ('a'); alter type m rename value 'a' to 'b'",
     {"additive": True, "type": "m", "name": "a", "new_name": "b"}),
    ("", "create sequence s; drop sequence s", {"additive": True, "object_type": "sequence", "name": "s"}),
    ("", "alter view v rename to w", {"additive": False, "object_type": "view", "name": "v", "new_name": "w"}),
    (SHOP, "alter table users alter age drop default", {"proven_not_null": True}),
    # partitions and upkeep
    (SALES, ATTACH, {"other": "sales_2025", "scanned": "sales_2025, sales_rest", "other_is_new": False}),
    (SALES + "alter table sales_rest add check (sold < '2025-01-01');", ATTACH, {"scanned": "sales_2025"}),
    (SALES + "alter table sales_2025 add check (sold >= '2025-01-01') not valid;", ATTACH,
     {"scanned": "sales_2025, sales_rest"}),
    ("", "create table p (like t); alter table t attach partition p default", {"scanned": "", "other_is_new": True}),
    (SALES, "create table s partition of sales for values from (minvalue) to ('2023-01-01')",
     {"partition": True, "other": "sales", "lock": "ACCESS EXCLUSIVE", "other_is_new": False}),
    ("", "vacuum full", {"full": True, "table": "every table of the database"}),
    ("", "cluster t using i", {"table": "t", "name": "t"}),
    *design_examples.EXAMPLES,
]  # fmt: skip


@pytest.mark.parametrize(("given", "sql", "wanted"), EXAMPLES, ids=[sql for _, sql, _ in EXAMPLES])
def test_the_last_operation_has_these_facts(given: str, sql: str, wanted: dict[str, Any]) -> None:
    facts = last_facts(given, sql, wanted.get("section", ""))
    assert {name: facts[name] for name in wanted} == wanted


KEPT = "begin; alter table a rename to b; create view a as select * from b; commit;"


def test_a_view_of_the_old_name_keeps_it() -> None:
    assert analysed("", KEPT)[1].facts["name_is_kept"]
    late = analysed("", "begin; alter table a rename to b; commit; create view a as select * from b;")
    assert not late[1].facts["name_is_kept"]


@pytest.mark.parametrize(
    ("dropped", "made"),
    [
        ("drop view v", "create view v as select 1"),
        ("drop materialized view v", "create materialized view v as select 1"),
        ("drop function f(int)", "create function f(int) returns int language sql as 'select 1'"),
        ("drop type m", "create type m as enum ('a')"),
    ],
)
def test_nobody_misses_what_is_made_again_in_the_same_transaction(dropped: str, made: str) -> None:
    assert analysed("", f"begin; {dropped}; {made}; commit")[1].facts["additive"]
    assert not analysed("", f"begin; {dropped}; commit; {made}")[1].facts["additive"]
    assert not analysed("", f"{dropped}; {made}")[0].facts["additive"]


def test_a_clause_reads_rows_under_the_lock_of_its_neighbour() -> None:
    first, _ = analysed("", "alter table t validate constraint c, add column x int")
    assert first.facts["validated_in_same_transaction"]


def test_an_index_may_come_later_in_the_change() -> None:
    given, sql = design_examples.BOOKS, "create table n (book_id bigint references books); create index on n (book_id)"
    made, _ = analysed(given, sql)
    assert made.facts["unindexed_keys"] == ""


def test_a_lock_timeout_is_measured_against_the_budget_and_a_runner_may_set_it_itself() -> None:
    statements = [("", statement) for statement in read_script("set lock_timeout = '1s'; drop table t").statements]
    set_, _ = analyse(statements, Catalog(), 18, terms=Terms(lock_budget=200))
    assert (set_.facts["sets_lock_timeout"], set_.facts["lock_budget"]) == ("long", "200ms")
    (dropped,) = analyse(statements[1:], Catalog(), 18, terms=Terms(sets_timeouts=True))
    assert not dropped.facts["misses_lock_timeout"]


def test_in_contract_nothing_is_new() -> None:
    made, dropped = read_script("create table t (id int); create index on t (id)").statements
    assert list(analyse([("expand", made), ("expand", dropped)], Catalog(), 18))[1].facts["table_is_new"]
    assert not list(analyse([("expand", made), ("contract", dropped)], Catalog(), 18))[1].facts["table_is_new"]
