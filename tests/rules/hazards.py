"""The known hazards of migrations of PostgreSQL, by the names under which linters know them, and what answers each.

A test lints every one; ``python -m tests.rules.hazards`` writes them to docs/hazards.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "hazards.md"

BOOKS = """
create table authors (id bigint primary key, name text);
create table books (id bigint primary key, title varchar(50), price numeric, author_id bigint references authors (id),
    note text check (note <> ''), made timestamp, sold boolean not null default false);
create index books_title_idx on books (title);
create unique index books_price_author_idx on books (price, author_id);
create view titles as select title from books;
create materialized view prices as select id, price from books;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function vat(numeric) returns numeric immutable language sql as 'select $1 * 0.19';
create trigger touched before update on books for each row execute function touch();
create rule quiet as on delete to authors do also select 1;
create policy own on books using (true);
create sequence numbers;
create type mood as enum ('sad', 'happy');
create domain cents as bigint;
create table stock (id bigint primary key, amount cents);
create schema shop;
"""
SALES = """
create table sales (id bigint, sold date) partition by range (sold);
create table sales_2024 partition of sales for values from ('2024-01-01') to ('2025-01-01');
create table sales_2025 (id bigint, sold date);
"""


class Hazard(NamedTuple):
    """A hazard's usual name, the rule that answers it, and SQL that has it, behind ``given``."""

    name: str
    rule: str
    sql: str
    given: str = BOOKS
    section: str = ""


LOCKS = [
    Hazard("create-index-not-concurrent", "create-index-not-concurrent", "create index i on books (price)"),
    Hazard("create-unique-index-not-concurrent", "create-index-not-concurrent", "create unique index i on books (id)"),
    Hazard("drop-index-not-concurrent", "drop-index-not-concurrent", "drop index books_title_idx"),
    Hazard("reindex-not-concurrent", "reindex-not-concurrent", "reindex index books_title_idx"),
    Hazard(
        "concurrently-in-transaction",
        "concurrently-in-transaction",
        "begin; create index concurrently i on books (price); commit",
    ),
    Hazard(
        "concurrent-index-mixed-in-file",
        "concurrent-index-mixed-in-file",
        "alter table books add column x int; create index concurrently i on books (x)",
    ),
    Hazard(
        "invalid-index-left-behind",
        "invalid-index-left-behind",
        "create index concurrently if not exists i on books (price)",
    ),
    Hazard("index-corruption-14", "index-corruption-14", "create index concurrently i on books (price)"),
    Hazard(
        "create-index-on-partitioned-parent",
        "create-index-on-partitioned-parent",
        "create index i on sales (id)",
        SALES,
    ),
    Hazard(
        "add-column-volatile-default",
        "add-column-volatile-default",
        "alter table books add column x float8 default random()",
    ),
    Hazard(
        "add-column-stored-generated",
        "add-column-volatile-default",
        "alter table books add column x numeric generated always as (price * 2) stored",
    ),
    Hazard("add-column-serial", "add-column-volatile-default", "alter table books add column x bigserial"),
    Hazard(
        "add-column-identity",
        "add-column-volatile-default",
        "alter table books add column x bigint generated always as identity",
    ),
    Hazard(
        "add-column-constrained-domain",
        "add-column-volatile-default",
        "create domain d as int check (value > 0); alter table books add column x d",
    ),
    Hazard("add-column-not-null-no-default", "add-required-column", "alter table books add column x int not null"),
    Hazard("add-column-unique", "add-unique-constraint", "alter table books add column x int unique"),
    Hazard("add-column-primary-key", "add-primary-key", "alter table sales_2025 add column x int primary key", SALES),
    Hazard("add-column-check", "add-check-validating", "alter table books add column x int check (x > 0)"),
    Hazard("add-column-references", "short-strong-lock", "alter table books add column x bigint references authors"),
    Hazard(
        "add-foreign-key-validating",
        "add-foreign-key-validating",
        "alter table books add constraint f foreign key (id) references authors",
    ),
    Hazard("add-check-validating", "add-check-validating", "alter table books add check (price > 0)"),
    Hazard(
        "validate-in-same-transaction",
        "validate-in-same-transaction",
        "begin; alter table books add constraint c check (price > 0) not valid; "
        "alter table books validate constraint c; commit",
    ),
    Hazard("set-not-null-scan", "set-not-null-scan", "alter table books alter column title set not null"),
    Hazard("add-not-null-constraint-pg18", "set-not-null-scan", "alter table books add constraint n not null title"),
    Hazard("add-unique-constraint", "add-unique-constraint", "alter table books add unique (note)"),
    Hazard("add-primary-key", "add-primary-key", "alter table sales_2025 add primary key (id)", SALES),
    Hazard(
        "pk-using-index-nullable",
        "add-primary-key",
        "alter table sales_2025 add primary key using index i",
        SALES + "create unique index i on sales_2025 (id);",
    ),
    Hazard(
        "add-exclusion-constraint",
        "add-exclusion-constraint",
        "alter table books add exclude using btree (price with =)",
    ),
    Hazard(
        "change-column-type-rewrite", "change-column-type-rewrite", "alter table books alter column id type numeric"
    ),
    Hazard(
        "change-column-type-check-scan",
        "change-column-type-rewrite",
        "alter table books alter column note type varchar",
    ),
    Hazard(
        "change-column-collation",
        "change-column-type-rewrite",
        'drop view titles; alter table books alter column title type varchar(50) collate "C"',
    ),
    Hazard(
        "change-column-type-with-using",
        "change-column-type-rewrite",
        "alter table books alter column note type text using lower(note)",
    ),
    Hazard("change-type-used-by-view", "change-type-used-by-view", "alter table books alter column title type text"),
    Hazard(
        "change-type-to-domain",
        "change-column-type-rewrite",
        "create domain d as numeric check (value > 0); alter table books alter column price type d",
    ),
    Hazard(
        "timestamp-timestamptz", "change-column-type-rewrite", "alter table books alter column made type timestamptz"
    ),
    Hazard("missing-lock-timeout", "missing-lock-timeout", "alter table books add column x int"),
    Hazard("missing-statement-timeout", "missing-statement-timeout", "alter table books add column x int"),
    Hazard(
        "timeout-zero-or-too-long",
        "timeout-zero-or-too-long",
        "set lock_timeout = 0; alter table books add column x int",
    ),
    Hazard(
        "statement-after-access-exclusive",
        "statement-after-access-exclusive",
        "begin; alter table stock add column x int; insert into stock select id from books; commit",
    ),
    Hazard(
        "multiple-alter-table",
        "multiple-alter-table",
        "alter table books add column x int; alter table books add column y int",
    ),
    Hazard(
        "multi-table-lock-order",
        "multi-table-lock-order",
        "begin; alter table books add column x int; alter table stock add column y int; commit",
    ),
    Hazard(
        "multiple-foreign-keys",
        "create-table-with-fk",
        "create table t (book bigint references books, author bigint references authors)",
    ),
    Hazard("create-table-with-fk", "create-table-with-fk", "create table t (book bigint references books)"),
    Hazard("drop-table-with-fks", "drop-table", "drop table books cascade"),
    Hazard("drop-foreign-key", "drop-constraint", "alter table books drop constraint books_author_id_fkey"),
    Hazard("detach-partition", "detach-partition", "alter table sales detach partition sales_2024", SALES),
    Hazard(
        "attach-partition-scan",
        "attach-partition-scan",
        "alter table sales attach partition sales_2025 for values from ('2025-01-01') to ('2026-01-01')",
        SALES,
    ),
    Hazard(
        "create-partition-of",
        "create-partition-of",
        "create table s partition of sales for values from ('2025-01-01') to ('2026-01-01')",
        SALES,
    ),
    Hazard("vacuum-full", "vacuum-full", "vacuum full books"),
    Hazard("cluster", "cluster", "cluster books using books_pkey"),
    Hazard("set-tablespace", "set-tablespace", "alter table books set tablespace fast"),
    Hazard("set-logged-unlogged", "set-logged-unlogged", "alter table books set unlogged"),
    Hazard("set-access-method", "set-access-method", "alter table books set access method columnar"),
    Hazard("refresh-matview", "refresh-matview", "refresh materialized view prices"),
    Hazard(
        "create-trigger",
        "short-strong-lock",
        "create trigger t before insert on books for each row execute function touch()",
    ),
    Hazard("drop-trigger", "drop-trigger", "drop trigger touched on books"),
    Hazard("drop-rule", "drop-trigger", "drop rule quiet on authors"),
    Hazard("create-rule", "not-additive-in-expand", "create rule r as on insert to books do also select 1"),
    Hazard("create-policy", "short-strong-lock", "create policy p on books using (true)"),
    Hazard("drop-policy", "drop-trigger", "drop policy own on books"),
    Hazard("disable-trigger", "disable-trigger", "alter table books disable trigger all"),
    Hazard("replica-identity", "short-strong-lock", "alter table books replica identity full"),
    Hazard("row-level-security", "not-additive-in-expand", "alter table books enable row level security"),
    Hazard("change-owner", "short-strong-lock", "alter table books owner to current_user"),
    Hazard("inherit", "short-strong-lock", "alter table books inherit stock"),
    Hazard(
        "no-inherit",
        "not-additive-in-expand",
        "alter table cars no inherit things",
        "create table things (id int); create table cars () inherits (things);",
    ),
    Hazard("set-storage", "short-strong-lock", "alter table books alter column note set storage external"),
    Hazard("create-or-replace-view", "short-strong-lock", "create or replace view titles as select title from books"),
    Hazard("lock-table", "lock-table", "lock table books"),
    Hazard("lock-table (in a transaction)", "short-strong-lock", "begin; lock table books; commit"),
    Hazard("truncate", "truncate", "truncate stock"),
    Hazard("truncate-cascade", "truncate-cascade", "truncate authors cascade"),
    Hazard("alter-domain-add-constraint", "alter-domain-add-constraint", "alter domain cents add check (value > 0)"),
    Hazard("alter-domain-set-not-null", "alter-domain-set-not-null", "alter domain cents set not null"),
    Hazard(
        "create-domain-with-constraint", "create-domain-with-constraint", "create domain d as int check (value > 0)"
    ),
    Hazard("unbatched-backfill", "unbatched-backfill", "update books set price = 1"),
    Hazard(
        "backfill-in-ddl-transaction",
        "unbatched-backfill",
        "begin; alter table books add column x int; update books set x = 1; commit",
    ),
    Hazard("create-table-as-select", "create-table-as-select", "create table t as select * from books"),
    Hazard("select-into", "create-table-as-select", "select * into t from books"),
    Hazard(
        "enum-add-value-in-transaction",
        "enum-add-value-in-transaction",
        "begin; alter type mood add value 'new'; select 'new'::mood; commit",
    ),
    Hazard("uncommitted-transaction", "uncommitted-transaction", "begin; alter table books add column x int"),
    Hazard("transaction-nesting", "transaction-nesting", "begin; begin; commit"),
    Hazard("non-idempotent-statement", "non-idempotent-statement", "create table t (id bigint)"),
    Hazard(
        "fk-without-index",
        "fk-without-index",
        "alter table books add constraint f foreign key (sold) references authors not valid",
    ),
    Hazard(
        "replace-index-order",
        "replace-index-order",
        "drop index concurrently books_title_idx; create index concurrently i on books (title, id)",
    ),
    Hazard("dynamic-ddl-opaque", "not-analysed", "do $$ begin execute 'drop table ' || current_user; end $$"),
    Hazard("alter-sequence-type", "short-strong-lock", "alter sequence numbers as integer"),
    Hazard("drop-column-indexed", "drop-column-indexed", "alter table books drop column author_id"),
]
OLD_VERSIONS = [
    Hazard("drop-column", "drop-column", "alter table books drop column note"),
    Hazard("drop-table", "drop-table", "drop table stock"),
    Hazard("drop-schema", "drop-object", "drop schema shop"),
    Hazard("drop-database", "not-additive-in-expand", "drop database shop"),
    Hazard("drop-view", "drop-view", "drop view titles"),
    Hazard("drop-type", "drop-object", "drop type mood"),
    Hazard("drop-function", "drop-object", "drop function vat(numeric)"),
    Hazard("drop-sequence", "drop-object", "drop sequence numbers"),
    Hazard("drop-domain", "drop-object", "drop domain cents"),
    Hazard("drop-extension", "drop-object", "drop extension citext"),
    Hazard("rename-column", "rename-column", "alter table books rename column note to remark"),
    Hazard("rename-table", "rename-table", "alter table books rename to volumes"),
    Hazard("rename-schema", "rename-other", "alter schema shop rename to store"),
    Hazard("rename-view", "rename-other", "alter view titles rename to names"),
    Hazard("rename-constraint", "rename-other", "alter table books rename constraint books_pkey to k"),
    Hazard("rename-role", "rename-other", "alter role app rename to shop"),
    Hazard("set-schema", "set-schema", "alter table books set schema shop"),
    Hazard("rename-enum-value", "rename-enum-value", "alter type mood rename value 'sad' to 'blue'"),
    Hazard("enum-value-order", "enum-value-order", "alter type mood add value 'bored'"),
    Hazard(
        "add-not-null-column-app-default",
        "add-not-null-column-app-default",
        "alter table books add column x int not null default 1; alter table books alter column x drop default",
    ),
    Hazard("set-not-null-old-writers", "set-not-null-scan", "alter table books alter column title set not null"),
    Hazard("add-required-column", "add-required-column", "alter table books add column x int not null"),
    Hazard("add-unique-old-writers", "add-unique-old-writers", "create unique index concurrently i on books (note)"),
    Hazard(
        "add-check-old-writers",
        "add-check-old-writers",
        "alter table books add constraint c check (price > 0) not valid",
    ),
    Hazard("narrow-type", "change-column-type-rewrite", "alter table books alter column title type varchar(10)"),
    Hazard("drop-not-null", "drop-not-null", "alter table books alter column sold drop not null"),
    Hazard("change-default", "change-default", "alter table books alter column sold set default true"),
    Hazard("drop-default", "drop-default", "alter table books alter column sold drop default"),
    Hazard("drop-constraint", "drop-constraint", "alter table books drop constraint books_author_id_fkey"),
    Hazard(
        "drop-generated-expression",
        "drop-default",
        "alter table t alter column b drop expression",
        "create table t (a int, b int generated always as (a * 2) stored);",
    ),
    Hazard(
        "set-generated-expression",
        "set-expression",
        "alter table t alter column b set expression as (a * 3)",
        "create table t (a int, b int generated always as (a * 2) stored);",
    ),
    Hazard(
        "alter-identity",
        "alter-identity",
        "alter table t alter column a set generated always",
        "create table t (a int generated by default as identity);",
    ),
    Hazard("json-column", "json-column", "alter table books add column x json"),
    Hazard("sti-column-default", "sti-column-default", "alter table books add column type text default 'Book'"),
    Hazard(
        "drop-unique-used-by-on-conflict",
        "drop-unique-used-by-on-conflict",
        "drop index concurrently books_price_author_idx",
    ),
]
ELSEWHERE = {
    "add-column-constant-default-old-pg": "is about PostgreSQL before 11, and zdmigrate runs from 14 on",
    "drop-in-same-release-as-stop-using": "is same-release-drop, which looks into the code of the release before",
}


def page() -> str:
    """docs/hazards.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> list[str]:
    return [
        "<!-- Made by python -m tests.rules.hazards from tests/rules/hazards.py. -->",
        "# Known hazards, and the rule that answers each",
        "",
        "What can go wrong in a migration of PostgreSQL 14 to 18, by the names that linters and migration tools have",
        "for it. Several names may be one rule: its page says what it speaks for. A test lints each line's SQL, and",
        "finds the rule in it. Rules that are off are turned on in the [configuration](configuration.md).",
        "",
        "## Locks, rewrites and scans",
        "",
        *_table(LOCKS),
        "",
        "## An older version of the app is still running",
        "",
        *_table(OLD_VERSIONS),
        "",
        "## Answered elsewhere",
        "",
        *(f"- `{name}` {answer}." for name, answer in ELSEWHERE.items()),
    ]


def _table(hazards: list[Hazard]) -> list[str]:
    rows = [f"| {each.name} | [{each.rule}](rules/{each.rule}.md) | `{_shown(each.sql)}` |" for each in hazards]
    return ["| hazard | rule | for example |", "|---|---|---|", *rows]


def _shown(sql: str) -> str:
    return sql.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
