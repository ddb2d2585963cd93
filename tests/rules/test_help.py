"""The SQL that a finding's help suggests: it keeps what the statement says, and the server takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.config import Config
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.change import read_change
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from tests.servers.database import Database

USERS = "create table users (id bigint primary key, email text, name text);"
INDEX = "create-index-not-concurrent"
CASES = [
    (INDEX, "CREATE UNIQUE INDEX u1 ON users (email)", ["CREATE UNIQUE INDEX CONCURRENTLY u1 ON users (email);"]),
    (INDEX, "create index on users (lower(email) desc) where id > 1",
     ["create index CONCURRENTLY users_lower_idx on users (lower(email) desc) where id > 1;"]),
    (INDEX, "create index -- an index\n  if not exists i on users\n  using btree (email) include (name)",
     ["create index CONCURRENTLY", "if not exists i on users", "using btree (email) include (name);"]),
    ("reindex-not-concurrent", "REINDEX TABLE users", ["REINDEX TABLE CONCURRENTLY users;"]),
    ("reindex-not-concurrent", "REINDEX (VERBOSE) SCHEMA public", ["REINDEX (VERBOSE) SCHEMA CONCURRENTLY public;"]),
    ("reindex-not-concurrent", "REINDEX SYSTEM", []),
    ("unbatched-backfill", "DELETE FROM users WHERE name IS NULL",
     ["-- zdmigrate: backfill", "DELETE FROM users WHERE name IS NULL;"]),
    ("add-check-validating", "ALTER TABLE users ADD COLUMN q int CHECK (q > 0)",
     ["ALTER TABLE users ADD COLUMN q int;",
      "ALTER TABLE users ADD CONSTRAINT users_q_check CHECK (q > 0) NOT VALID;",
      "ALTER TABLE users VALIDATE CONSTRAINT users_q_check;"]),
    ("add-foreign-key-validating", "ALTER TABLE notes ADD COLUMN q bigint DEFAULT 1 REFERENCES users (id)",
     ["ALTER TABLE notes ADD COLUMN q bigint;",
      "ALTER TABLE notes ADD CONSTRAINT notes_q_fkey FOREIGN KEY (q) REFERENCES users (id) NOT VALID;",
      "ALTER TABLE notes VALIDATE CONSTRAINT notes_q_fkey;"]),
    ("add-primary-key", "ALTER TABLE notes ADD COLUMN q bigserial PRIMARY KEY",
     ["ALTER TABLE notes ADD COLUMN q bigint;",
      "CREATE UNIQUE INDEX CONCURRENTLY notes_pkey ON notes (q);",
      "ALTER TABLE notes ADD CONSTRAINT notes_pkey PRIMARY KEY USING INDEX notes_pkey;"]),
    ("add-unique-constraint", "ALTER TABLE users ADD COLUMN q int UNIQUE",
     ["ALTER TABLE users ADD COLUMN q int;",
      "CREATE UNIQUE INDEX CONCURRENTLY users_q_key ON users (q);",
      "ALTER TABLE users ADD CONSTRAINT users_q_key UNIQUE USING INDEX users_q_key;"]),
    *(("add-column-volatile-default", f"ALTER TABLE users ADD COLUMN q {words}",
       ["-- zdmigrate: expand", f"ALTER TABLE users ADD COLUMN q {kept};"])
      for words, kept in (
          ("serial", "integer"),
          ("bigint generated always as identity", "bigint"),
          ("int generated always as (id * 2) stored", "int"),
          ("positive", "int"),
      )),
    ("multi-table-lock-order", "DROP TABLE users, notes",
     ["BEGIN;",
      "LOCK TABLE notes, users IN ACCESS EXCLUSIVE MODE;",
      "DROP TABLE users, notes;",
      "COMMIT;"]),
    ("add-foreign-key-validating",
     "ALTER TABLE notes ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES users ON DELETE CASCADE DEFERRABLE",
     ["ALTER TABLE notes ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES users ON DELETE CASCADE DEFERRABLE NOT VALID;",
      "ALTER TABLE notes VALIDATE CONSTRAINT f;"]),
    ("add-foreign-key-validating",
     "ALTER TABLE notes ADD COLUMN q int DEFAULT 1 CHECK (q > 0) REFERENCES users ON DELETE SET NULL",
     ["ALTER TABLE notes ADD COLUMN q int;",
      "ALTER TABLE notes ADD CONSTRAINT notes_q_fkey FOREIGN KEY (q) REFERENCES users ON DELETE SET NULL NOT VALID;",
      "ALTER TABLE notes VALIDATE CONSTRAINT notes_q_fkey;"]),
    ("add-unique-constraint", "ALTER TABLE users ADD COLUMN q int CHECK (q > 0) UNIQUE",
     ["ALTER TABLE users ADD COLUMN q int;",
      "CREATE UNIQUE INDEX CONCURRENTLY users_q_key ON users (q);",
      "ALTER TABLE users ADD CONSTRAINT users_q_key UNIQUE USING INDEX users_q_key;"]),
    ("add-check-validating", "ALTER TABLE users ADD COLUMN q text COLLATE \"C\" CHECK (q > 'a') CHECK (q < 'b')",
     ["ALTER TABLE users ADD COLUMN q text COLLATE \"C\";",
      "ALTER TABLE users ADD CONSTRAINT users_q_check CHECK ((q > 'a') AND (q < 'b')) NOT VALID;",
      "ALTER TABLE users VALIDATE CONSTRAINT users_q_check;"]),
    ("set-not-null-scan", "ALTER TABLE users ADD CONSTRAINT n NOT NULL name",
     ["ALTER TABLE users ADD CONSTRAINT n NOT NULL name NOT VALID;", "ALTER TABLE users VALIDATE CONSTRAINT n;"]),
    ("add-column-volatile-default", "ALTER TABLE users ADD COLUMN q float8 DEFAULT random()",
     ["-- zdmigrate: expand",
      "ALTER TABLE users ADD COLUMN q float8;",
      "ALTER TABLE users ALTER COLUMN q SET DEFAULT random();",
      "-- zdmigrate: backfill",
      "UPDATE users SET q = random() WHERE q IS NULL;"]),
]  # fmt: skip
GIVEN = USERS + "create table notes (id int); create domain positive as int check (value > 0);"


def suggested(rule: str, sql: str, given: str = GIVEN) -> list[str]:
    """The indented lines of the help."""
    changes = [read_change("1.sql", given), read_change("2.sql", f"{sql};")]
    findings = lint_changes(changes, Config(), load_rules(), reported={"2.sql"}).findings
    told = next(finding.help for finding in findings if finding.rule == rule)
    return [line.strip() for line in told.splitlines() if line.startswith("    ")]


@pytest.mark.parametrize(("rule", "sql", "lines"), CASES, ids=[sql for _, sql, _ in CASES])
def test_help_keeps_what_the_statement_says_and_the_server_takes_it(
    rule: str, sql: str, lines: list[str], database: Database
) -> None:
    told = suggested(rule, sql)
    assert told == lines
    with database.connect() as connection:
        for statement in read_script(GIVEN + "\n".join(told)).statements:
            connection.execute(statement.text)


def test_what_is_added_to_a_quoted_name_stands_inside_of_the_quotes(database: Database) -> None:
    given = 'create table users ("E{m}ail" text);'
    told = suggested("set-not-null-scan", 'alter table users alter "E{m}ail" set not null', given)
    assert told[1] == 'ALTER TABLE users VALIDATE CONSTRAINT "E{m}ail_not_null";'
    for statement in (given, *told):
        database.execute(statement)


def test_an_index_of_partitions_keeps_all_that_it_says() -> None:
    given = "create table sales (id int, sold date, note text) partition by range (sold);"
    sql = "CREATE UNIQUE INDEX i ON sales USING btree (sold, lower(note)) INCLUDE (id) WHERE id > 5"
    assert suggested("create-index-on-partitioned-parent", sql, given) == [
        "CREATE UNIQUE INDEX i ON ONLY sales USING btree (sold, lower(note)) INCLUDE (id) WHERE id > 5;",
        "-- for each partition, outside of BEGIN ... COMMIT",
        "CREATE UNIQUE INDEX CONCURRENTLY ... ON ... USING btree (sold, lower(note)) INCLUDE (id) WHERE id > 5;",
        "ALTER INDEX i ATTACH PARTITION ...;",
    ]


def test_tables_that_one_statement_drops_are_told_once() -> None:
    changes = [read_change("1.sql", GIVEN), read_change("2.sql", "DROP TABLE IF EXISTS users, notes CASCADE;")]
    findings = lint_changes(changes, Config(), load_rules(), reported={"2.sql"}).findings
    assert [found.rule for found in findings].count("multi-table-lock-order") == 1
