"""Statements of which other linters say something wrong: found here where they cost something, silent where not."""

from __future__ import annotations

import pytest

from zdmigrate.config import Config
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.change import read_change

BOOKS = "create table books (id bigint primary key, title text, price numeric);"
SALES = """
create table sales (id bigint, sold date) partition by range (sold);
create table sales_2024 partition of sales for values from ('2024-01-01') to ('2025-01-01');
create table sales_2025 (id bigint, sold date);
"""
AUTHORS = "create table authors (id bigint primary key); create table notes (author_id bigint references authors);"


def found(given: str, sql: str) -> list[str]:
    """The rules that are raised for ``sql`` as a change after ``given``; the runner sets timeouts."""
    changes = [read_change("1.sql", given), read_change("2.sql", sql)]
    findings = lint_changes(changes, Config(postgres=18, runner="other"), load_rules(), reported={"2.sql"}).findings
    return [finding.rule for finding in findings]


MISSED_ELSEWHERE = [
    (BOOKS, "alter table books add column n bigserial;", "add-column-volatile-default"),
    (BOOKS, "alter table books add column n bigint generated always as identity;", "add-column-volatile-default"),
    (BOOKS, "create domain positive as int check (value > 0); alter table books add column n positive;",
     "add-column-volatile-default"),
    (BOOKS, "alter table books add column n float8[] default array[1, random()];", "add-column-volatile-default"),
    (BOOKS + "alter table books add constraint f foreign key (id) references books not valid;",
     "alter table books validate constraint f; alter table books alter column title set not null;",
     "set-not-null-scan"),
    (BOOKS, "begin; drop index concurrently i; commit;", "concurrently-in-transaction"),
    (BOOKS, "begin; reindex index concurrently books_pkey; commit;", "concurrently-in-transaction"),
    (SALES, "begin; alter table sales detach partition sales_2024 concurrently; commit;",
     "concurrently-in-transaction"),
    (SALES, "create table s partition of sales for values from ('2026-01-01') to ('2027-01-01');",
     "create-partition-of"),
    (SALES, "create index concurrently i on sales (id);", "create-index-on-partitioned-parent"),
    (BOOKS, "update books set price = 1;", "unbatched-backfill"),
    (BOOKS, "delete from books;", "unbatched-backfill"),
    (BOOKS, "vacuum (full, analyze);", "vacuum-full"),
    (BOOKS, "alter table books rename to novels;", "rename-table"),
    (BOOKS, "drop table books;", "drop-table"),
    (BOOKS, "truncate books;", "truncate"),
    (BOOKS, "alter table books enable row level security;", "not-additive-in-expand"),
    (BOOKS, "create rule closed as on insert to books do instead nothing;", "not-additive-in-expand"),
    (BOOKS, "alter table books disable trigger all;", "disable-trigger"),
    (BOOKS, "drop database shop;", "not-additive-in-expand"),
    (BOOKS, "ALTER table Books Alter COLUMN Title set NOT null;", "set-not-null-scan"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "sql", "rule"), MISSED_ELSEWHERE, ids=[sql for _, sql, _ in MISSED_ELSEWHERE])
def test_what_others_miss_is_found(given: str, sql: str, rule: str) -> None:
    assert found(given, sql) == [rule]


FALSELY_FOUND_ELSEWHERE = [
    *(
        (BOOKS, f"alter table books add column n {default};")
        for default in (
            "int default (5)",
            "int default -1",
            "timestamp default (now() at time zone 'utc')",
            "date default current_date",
            "timestamp default localtimestamp",
            "text default current_user",
            "text default lower('A')",
            "timestamptz default pg_catalog.now()",
            "int default 5",
            "numeric generated always as (price * 2) virtual",
        )
    ),
    (BOOKS, "create table t (id int); alter table t enable row level security;"),
    (BOOKS, "create temp table t (id int); create index on t (id); alter table t alter column id set not null;"),
    (BOOKS, "create table t (id int); create index on t (id); alter table t add column n int unique;"),
    (BOOKS, "create table t (id int); alter table t rename to u; alter table u alter column id type bigint;"),
    (BOOKS, "alter table books alter column price type numeric;"),
    (SALES, "create table fresh (like sales); alter table sales attach partition fresh for values from (1) to (2);"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "sql"), FALSELY_FOUND_ELSEWHERE, ids=[sql for _, sql in FALSELY_FOUND_ELSEWHERE])
def test_what_others_find_falsely_is_not_found(given: str, sql: str) -> None:
    assert [rule for rule in found(given, sql) if rule != "prefer-timestamptz"] == []


def test_exclude_is_not_told_to_be_not_valid() -> None:
    sql = "alter table books add exclude using btree (price with =);"
    (finding,) = lint_changes([read_change("1.sql", sql)], Config(runner="other"), load_rules()).findings
    assert finding.rule == "add-exclusion-constraint"
    assert "NOT VALID" not in finding.help


def test_code_that_is_not_looked_into_is_not_passed_over() -> None:
    assert found(BOOKS, "do $$ begin execute 'alter table books ' || current_user; end $$;") == ["not-analysed"]


def test_the_locks_of_partitions_and_foreign_keys_are_the_servers() -> None:
    """ATTACH, and DETACH with CONCURRENTLY, lock the parent in SHARE UPDATE EXCLUSIVE; DROP TABLE the referenced."""
    from tests.schema.claims import claimed
    from zdmigrate.schema.lock_modes import LockMode

    attach = claimed(SALES, "alter table sales attach partition sales_2025 default", 18)
    detach = claimed(SALES, "alter table sales detach partition sales_2024 concurrently", 18)
    assert attach.locks["public.sales"] == detach.locks["public.sales"] == LockMode.SHARE_UPDATE_EXCLUSIVE
    assert claimed(AUTHORS, "drop table notes", 18).locks["public.authors"] == LockMode.ACCESS_EXCLUSIVE
