"""What a DO does, and a function that a change calls, is found as if it stood there by itself."""

from __future__ import annotations

import pytest

from tests.rules.test_wrong_answers_elsewhere import BOOKS, found
from zdmigrate.config import Config
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.change import read_change

TIDY = """
create function tidy() returns void language plpgsql as $$ begin alter table books alter price type float8; end $$;
create procedure forget() language sql as 'delete from books where title is null';
create function cheap() returns boolean stable language plpgsql as $$ begin return exists (select from books); end $$;
create function on_row() returns trigger language plpgsql as $$ begin drop table books; return new; end $$;
create function twice() returns void language plpgsql as $$ begin perform tidy(); perform twice(); end $$;
create function opaque() returns void language plperl as 'x';
"""
FOUND = [
    ("do $$ begin create index i on books (title); end $$", ["create-index-not-concurrent"]),
    ("do $$ begin if true then alter table books alter title set not null; end if; end $$", ["set-not-null-scan"]),
    ("do $$ begin perform 1; exception when others then drop table books; end $$", ["drop-table"]),
    ("do $$ begin update books set price = 1; end $$", ["unbatched-backfill"]),
    ("do $$ begin for i in 1..9 loop delete from books; end loop; end $$", ["unbatched-backfill"]),
    ("do $$ begin create index concurrently i on books (title); end $$", ["concurrently-in-transaction"]),
    ("do $$ begin execute format('drop table %I', 'books'); end $$", ["drop-table"]),
    ("do $$ begin execute 'drop table ' || current_user; end $$", ["not-analysed"]),
    ("do $$ begin insert into books values (1); commit; end $$", ["not-analysed"]),
    ("do $$ begin perform no_file_makes_me(); end $$", ["not-analysed"]),
    ("do language plperl 'x'", ["not-analysed"]),
    ("do $$ begin drop tabel books; end $$", ["syntax-error"]),
    ("select tidy()", ["change-column-type-rewrite"]),
    ("do $$ begin perform tidy(); perform tidy(); end $$", ["change-column-type-rewrite"]),
    ("do $$ begin if tidy() is null then return; end if; end $$", ["change-column-type-rewrite"]),
    ("select twice()", ["change-column-type-rewrite"]),
    ("call forget()", ["unbatched-backfill"]),
    ("select opaque()", ["not-analysed"]),
    (
        "do $$ begin alter table books add a int; insert into books select * from sold; end $$",
        ["statement-after-access-exclusive"],
    ),
    (
        "do $$ begin alter table sold add a int; alter table books add a int; end $$",
        ["multi-table-lock-order"],
    ),
    (
        "do $$ begin alter table books add check (price > 0) not valid, validate constraint books_price_check; end $$",
        ["add-check-old-writers", "validate-in-same-transaction"],
    ),
]
SILENT = [
    """do $$ begin
      if not exists (select 1 from pg_type where typname = 'mood') then create type mood as enum ('sad'); end if;
    end $$""",
    "do $$ begin create type mood as enum ('sad'); exception when duplicate_object then null; end $$",
    "do $$ begin create table shelves (id bigint); create index i on shelves (id); end $$",
    "do $$ begin raise notice 'done'; end $$",
    "do $$ begin if cheap() then null; end if; end $$",
    "select cheap()",
    "create function f() returns void language plpgsql as $$ begin drop table books; end $$",
    "do $$ begin create function f() returns void language sql as 'drop table books'; end $$",
    "create trigger t after insert on books for each row when (false) execute function on_row()",
    "do $$ begin alter table books add a int; end $$; do $$ begin alter table sold add a int; end $$",
    "do $$ begin alter table books add a int; end $$; insert into books select * from sold",
]
HISTORY = f"{BOOKS} create table sold (id bigint); {TIDY}"


def raised(given: str, sql: str) -> list[str]:
    """The rules that are raised, without what every statement without a lock_timeout is told."""
    return [rule for rule in found(given, sql) if rule != "missing-lock-timeout"]


@pytest.mark.parametrize(("sql", "rules"), FOUND)
def test_what_a_body_does_is_found(sql: str, rules: list[str]) -> None:
    assert raised(HISTORY, sql) == rules


@pytest.mark.parametrize("sql", SILENT)
def test_what_costs_nothing_in_a_body_is_silent(sql: str) -> None:
    assert raised(HISTORY, sql) == []


def test_what_a_function_makes_is_known_to_what_follows() -> None:
    given = BOOKS + "create function grow() returns void language sql as 'create table shelves (id bigint)';"
    assert raised(given + "select grow();", "drop table shelves;") == ["drop-table"]
    assert raised(given, "select grow(); create index on shelves (id);") == []


def test_a_function_that_is_dropped_or_written_anew_is_no_longer_what_it_was() -> None:
    assert raised(HISTORY + "drop function tidy;", "select tidy();") == ["not-analysed"]
    anew = "create or replace function tidy() returns void language sql as 'select 1';"
    assert raised(HISTORY + anew, "select tidy();") == []


def test_a_finding_points_into_the_body_and_quotes_its_statement() -> None:
    text = "do $$\nbegin\n  perform 1;\n  create index i on books (title);\nend $$;"
    changes = [read_change("1.sql", BOOKS), read_change("2.sql", text)]
    findings = lint_changes(changes, Config(), load_rules(), reported={"2.sql"}).findings
    (finding,) = (each for each in findings if each.rule == "create-index-not-concurrent")
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (4, 3, 4, 34)
    assert "    create index CONCURRENTLY i on books (title);" in finding.help
    assert "do $$" not in finding.help
