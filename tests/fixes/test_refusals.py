"""Where a fix would not be safe it is not made, and the reason says what to do."""

from __future__ import annotations

import pytest

from tests.fixes.cases import SALES, SHOP
from tests.fixes.mending import mended, reasons

REST = "create table sales_rest partition of sales default;"
REFUSED = [
    ("begin; create index i on users (name); commit;", "between BEGIN and COMMIT: move it behind the COMMIT"),
    ("begin; alter table users add unique (name); commit;", "between BEGIN and COMMIT"),
    ("begin; alter table users alter name set not null; commit;", "takes several transactions"),
    ("begin; alter table notes add primary key (b); commit;", "takes several transactions"),
    ("begin; alter table users add check (age > 0); rollback;", "does not end in a plain COMMIT"),
    ("begin; alter table users add check (age > 0); commit and chain; commit;", "does not end in a plain COMMIT"),
    ("begin; alter table users add constraint k check (age > 0); alter table users drop constraint k; commit;",
     "drops or renames the constraint or the table again"),
    ("create index on users (lower(name));", "give it a name"),
    ("drop index notes_c_idx cascade;", "has no CASCADE"),
    ("reindex system;", "system catalogs"),
    ("reindex (concurrently false) table users;", "turns CONCURRENTLY off"),
    ("refresh materialized view names with no data;", "WITH NO DATA"),
    ("refresh materialized view unseen;", "no earlier file shows that the view has been filled"),
    ("alter table if exists users add unique (name);", "leave out IF EXISTS"),
    ("alter table users add unique (name) with (fillfactor = 70);", "USING INDEX yourself"),
    ("alter table users add unique (name /* or email */);", "a comment stands in"),
    ("alter table users add column if not exists size int check (size > 0);", "do it by itself"),
    ("alter table users add column size int check (size > 0) check (size < 9);", "give the second a name"),
    ("alter table users add column k bigint primary key;", "filled before it can be the key"),
    ("alter table users alter id set not null, alter name set not null, alter name add generated always as identity;",
     "ADD IDENTITY in the same statement may need it"),
    ("do $$ begin create index i on users (name); end $$;", "PL/pgSQL"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "reason"), REFUSED, ids=[sql for sql, _ in REFUSED])
def test_what_would_not_be_safe_is_left_as_it_is(sql: str, reason: str) -> None:
    found = mended(SHOP, sql)

    assert found.after == sql
    assert any(reason in left.reason for left in found.left), found.left


@pytest.mark.parametrize(
    ("given", "sql", "reason"),
    [
        (SALES, "alter table sales add foreign key (id) references sales_2023 (id);", "before PostgreSQL 18"),
        (SALES + REST, "alter table sales detach partition sales_2023;", "has a default partition"),
        (SALES, "-- zdmigrate: expand\nalter table sales detach partition sales_2023;", "move it to contract"),
        ("select 1;", "alter table sales detach partition sales_2023;", "its CREATE TABLE is in no file"),
        (SALES, "alter table sales add unique (sold);", "partitioned table cannot be built concurrently"),
        (SALES + "create index i on sales (id);", "drop index i;", "partitioned table cannot be dropped concurrently"),
        (SALES.split(";")[0] + ";", "create index on sales (id);", "partitions are in no earlier file"),
        (SHOP.replace("select id, name from users", "select id from users with no data"),
         "refresh materialized view names;", "has been filled"),
        (SHOP.replace("create unique index", "create index"),
         "refresh materialized view names;", "unique index over plain columns"),
        (SHOP + "create table kids () inherits (users);", "alter table only users alter name set not null;", "ONLY"),
    ],
)  # fmt: skip
def test_what_history_does_not_allow_is_left_as_it_is(given: str, sql: str, reason: str) -> None:
    assert any(reason in told for told in reasons(given, sql)), reasons(given, sql)


def test_what_is_left_is_told_with_its_line_in_the_text_that_the_user_has() -> None:
    kept = "begin;\ncreate index users_kept on users (name);\ncommit;\n"

    found = mended(SHOP, "alter table users add check (age > 0);\n\n" + kept)

    assert found.after.index("create index") > found.before.index("create index")
    assert [(one.rule, one.line) for one, _ in found.left] == [("create-index-not-concurrent", 4)]


TOOLS = [
    ("goose", "-- +goose Up\n", "-- +goose NO TRANSACTION"),
    ("dbmate", "-- migrate:up\n", "transaction:false behind -- migrate:up"),
    ("sql-migrate", "-- +migrate Up\n", "notransaction behind -- +migrate Up"),
    ("sqlx", "", "-- no-transaction"),
    ("flyway", "", "executeInTransaction=false"),
]
INDEX = "CREATE INDEX users_name_idx ON users (name);\n"


@pytest.mark.parametrize(("tool", "head", "marker"), TOOLS, ids=[tool for tool, _, _ in TOOLS])
def test_where_a_tool_opens_a_transaction_its_own_way_out_is_told(tool: str, head: str, marker: str) -> None:
    name = {"flyway": "V2__x.sql", "sqlx": "2_x.sql"}.get(tool, "00002_x.sql")

    found = mended(head + SHOP, head + INDEX + "SELECT 1;\n", tool=tool, name=name)

    assert found.after == found.before
    assert marker in found.left[0].reason


def test_what_the_tool_runs_without_a_transaction_is_fixed() -> None:
    head = "-- +goose NO TRANSACTION\n-- +goose Up\n"

    found = mended("-- +goose Up\n" + SHOP, head + INDEX, tool="goose", name="00002_x.sql")

    assert found.after == head + INDEX.replace("INDEX", "INDEX CONCURRENTLY")


def goose(sql: str) -> list[str]:
    return reasons("-- +goose Up\n" + SHOP, sql, tool="goose", name="00002_x.sql")


def test_nothing_is_added_between_comments_that_make_one_statement_of_several() -> None:
    check = "ALTER TABLE users ADD CHECK (age > 0);\n"
    sql = f"-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\n{check}-- +goose StatementEnd\n"

    assert any("StatementBegin" in told for told in goose(sql))


def test_flyway_runs_a_file_that_is_one_concurrent_statement_without_a_transaction() -> None:
    found = mended(SHOP, INDEX, tool="flyway", name="V2__x.sql")

    assert found.after == INDEX.replace("INDEX", "INDEX CONCURRENTLY")


def test_a_check_in_a_transaction_of_the_tool_is_not_half_fixed() -> None:
    sql = "-- +goose Up\nALTER TABLE users ADD CHECK (age > 0);\n"

    assert any("a migration of its own" in told for told in goose(sql))


def test_one_message_of_the_tool_stays_one_statement() -> None:
    """dbmate sends a file without transaction as one message, which is a transaction when it has two statements."""
    head = "-- migrate:up transaction:false\n"
    sql = head + "ALTER TABLE users ADD UNIQUE (name);\n"

    found = mended("-- migrate:up\n" + SHOP, sql, tool="dbmate", name="00002_x.sql")

    assert found.after == sql
    assert "it would bring concurrently-in-transaction" in found.left[0].reason


def test_what_is_allowed_is_not_fixed() -> None:
    sql = "-- zdmigrate: allow create-index-not-concurrent because the table is small\n" + INDEX

    assert mended(SHOP, sql).after == sql
