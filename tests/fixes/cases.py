"""What each fix makes of a file; a test runs both texts on a server and compares the schemas."""

from __future__ import annotations

from typing import NamedTuple

SHOP = """
create table users (id bigint primary key, name text, email varchar(50), age integer not null default 18);
create table orders (id bigint primary key, user_id bigint, total numeric(8,2), note text);
create table notes (a bigint, b bigint not null, c text);
create index notes_c_idx on notes (c);
create index notes_b_idx on notes (b);
create materialized view names as select id, name from users;
create unique index names_id_idx on names (id);
"""
SALES = """
create table sales (id bigint not null, sold date not null, amount numeric) partition by range (sold);
create table sales_2023 partition of sales for values from ('2023-01-01') to ('2024-01-01');
create table "Sales 2024" partition of sales for values from ('2024-01-01') to ('2025-01-01');
"""


class Case(NamedTuple):
    """``differs`` are the lines of the schema that only one of the two texts leaves, each with its reason in docs/."""

    rule: str
    sql: str
    fixed: str
    given: str = SHOP
    postgres: int = 14
    differs: tuple[str, ...] = ()
    on: str = ""  # a rule that is off until somebody turns it on


INDEXES = [
    Case(
        "create-index-not-concurrent",
        "CREATE INDEX ON users (name, email);\n",
        "CREATE INDEX CONCURRENTLY users_name_email_idx ON users (name, email);\n",
    ),
    Case(
        "create-index-not-concurrent",
        "create unique index if not exists users_email_idx\n  on users using btree (lower(email)) where age > 17;\n",
        "create unique index concurrently if not exists users_email_idx\n"
        "  on users using btree (lower(email)) where age > 17;\n",
    ),
    Case(
        "drop-index-not-concurrent",
        "DROP INDEX IF EXISTS notes_c_idx, notes_b_idx RESTRICT; -- not used\n",
        "DROP INDEX CONCURRENTLY IF EXISTS notes_c_idx RESTRICT; -- not used\n"
        "DROP INDEX CONCURRENTLY IF EXISTS notes_b_idx;\n",
    ),
    Case("drop-index-not-concurrent", "drop index notes_c_idx;\n", "drop index concurrently notes_c_idx;\n"),
    Case("reindex-not-concurrent", "REINDEX (VERBOSE) TABLE notes;\n", "REINDEX (VERBOSE) TABLE CONCURRENTLY notes;\n"),
    Case("reindex-not-concurrent", "reindex index notes_c_idx;\n", "reindex index concurrently notes_c_idx;\n"),
    Case(
        "refresh-matview",
        "BEGIN;\nREFRESH MATERIALIZED VIEW names;\nCOMMIT;\n",
        "BEGIN;\nREFRESH MATERIALIZED VIEW CONCURRENTLY names;\nCOMMIT;\n",
    ),
    Case(
        "create-index-on-partitioned-parent",
        "CREATE UNIQUE INDEX ON sales USING btree (sold, id);\n",
        "CREATE UNIQUE INDEX sales_sold_id_idx ON ONLY sales USING btree (sold, id);\n"
        "CREATE UNIQUE INDEX CONCURRENTLY sales_2023_sold_id_idx ON sales_2023 USING btree (sold, id);\n"
        "ALTER INDEX sales_sold_id_idx ATTACH PARTITION sales_2023_sold_id_idx;\n"
        'CREATE UNIQUE INDEX CONCURRENTLY "Sales 2024_sold_id_idx" ON "Sales 2024" USING btree (sold, id);\n'
        'ALTER INDEX sales_sold_id_idx ATTACH PARTITION "Sales 2024_sold_id_idx";\n',
        SALES,
    ),
    Case(
        "detach-partition",
        "-- zdmigrate: contract\nALTER TABLE sales DETACH PARTITION sales_2023;\n",
        "-- zdmigrate: contract\nALTER TABLE sales DETACH PARTITION sales_2023 CONCURRENTLY;\n",
        SALES,
        differs=("sales_2023_sold_check",),
    ),
]

TWO_STEPS = [
    Case(
        "add-foreign-key-validating",
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE DEFERRABLE;\n",
        "ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) "
        "ON DELETE CASCADE DEFERRABLE NOT VALID;\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey;\n",
    ),
    Case(
        "add-foreign-key-validating",
        "ALTER TABLE orders ADD COLUMN buyer bigint DEFAULT 1 REFERENCES users NOT NULL;\n",
        "ALTER TABLE orders ADD COLUMN buyer bigint DEFAULT 1 NOT NULL;\n"
        "ALTER TABLE orders ADD CONSTRAINT orders_buyer_fkey FOREIGN KEY (buyer) REFERENCES users NOT VALID;\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT orders_buyer_fkey;\n",
    ),
    Case(
        "add-check-validating",
        "BEGIN;\n  alter table orders\n    add check (total > 0), -- paid\n"
        "    add column paid date;\nCOMMIT; -- done\n",
        "BEGIN;\n  alter table orders\n    add constraint orders_total_check check (total > 0) not valid, -- paid\n"
        "    add column paid date;\nCOMMIT; -- done\nalter table orders validate constraint orders_total_check;\n",
    ),
    Case(
        "add-check-validating",
        "BEGIN;\nALTER TABLE users ADD COLUMN size int CONSTRAINT size_fits CHECK (size > 0);\nCOMMIT;\n",
        "BEGIN;\nALTER TABLE users ADD COLUMN size int;\n"
        "ALTER TABLE users ADD CONSTRAINT size_fits CHECK (size > 0) NOT VALID;\nCOMMIT;\n"
        "ALTER TABLE users VALIDATE CONSTRAINT size_fits;\n",
    ),
    Case(
        "validate-in-same-transaction",
        "BEGIN;\n\tALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0) NOT VALID;\n"
        "\tALTER TABLE orders VALIDATE CONSTRAINT paid;\nCOMMIT;\n",
        "BEGIN;\n\tALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0) NOT VALID;\nCOMMIT;\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT paid;\n",
    ),
    Case(
        "validate-in-same-transaction",
        "ALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0) NOT VALID, VALIDATE CONSTRAINT paid;\n",
        "ALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0) NOT VALID;\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT paid;\n",
    ),
    Case(
        "set-not-null-scan",
        "  ALTER TABLE ONLY users ALTER COLUMN name SET NOT NULL;\n",
        "  ALTER TABLE ONLY users ADD CONSTRAINT users_name_not_null_check CHECK (name IS NOT NULL) NOT VALID;\n"
        "  ALTER TABLE ONLY users VALIDATE CONSTRAINT users_name_not_null_check;\n"
        "  ALTER TABLE ONLY users ALTER COLUMN name SET NOT NULL;\n"
        "  ALTER TABLE ONLY users DROP CONSTRAINT users_name_not_null_check;\n",
    ),
    Case(
        "set-not-null-scan",
        "alter table users alter name set not null, alter age drop default;\n",
        "alter table users alter age drop default;\n"
        "alter table users add constraint users_name_not_null_check check (name is not null) not valid;\n"
        "alter table users validate constraint users_name_not_null_check;\n"
        "alter table users alter column name set not null;\n"
        "alter table users drop constraint users_name_not_null_check;\n",
    ),
    Case(
        "set-not-null-scan",
        "ALTER TABLE users ALTER name SET NOT NULL, ALTER age DROP DEFAULT;\n",
        "ALTER TABLE users ADD CONSTRAINT users_name_not_null NOT NULL name NOT VALID, ALTER age DROP DEFAULT;\n"
        "ALTER TABLE users VALIDATE CONSTRAINT users_name_not_null;\n",
        postgres=18,
    ),
    Case(
        "set-not-null-scan",
        "ALTER TABLE users ADD CONSTRAINT named NOT NULL name;\n",
        "ALTER TABLE users ADD CONSTRAINT named NOT NULL name NOT VALID;\n"
        "ALTER TABLE users VALIDATE CONSTRAINT named;\n",
        postgres=18,
    ),
]

KEYS = [
    Case(
        "add-unique-constraint",
        "ALTER TABLE users ADD UNIQUE (email);\n",
        "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);\n"
        "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;\n",
    ),
    Case(
        "add-unique-constraint",
        "ALTER TABLE users\n  ADD COLUMN nick text, -- short\n"
        '  ADD CONSTRAINT "Nick" UNIQUE (nick, email) INCLUDE (name) DEFERRABLE INITIALLY DEFERRED;\n',
        "ALTER TABLE users\n  ADD COLUMN nick text; -- short\n"
        'CREATE UNIQUE INDEX CONCURRENTLY "Nick" ON users (nick, email) INCLUDE (name);\n'
        'ALTER TABLE users ADD CONSTRAINT "Nick" UNIQUE USING INDEX "Nick" DEFERRABLE INITIALLY DEFERRED;\n',
    ),
    Case(
        "add-unique-constraint",
        "ALTER TABLE users\n  ADD UNIQUE (name), -- at last\n  ADD COLUMN nick text;\n",
        "ALTER TABLE users\n   -- at last\n  ADD COLUMN nick text;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY users_name_key ON users (name);\n"
        "ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE USING INDEX users_name_key;\n",
    ),
    Case(
        "add-unique-constraint",
        "ALTER TABLE users ADD COLUMN nick text UNIQUE NOT NULL DEFAULT 'x', ADD COLUMN size int;\n",
        "ALTER TABLE users ADD COLUMN nick text NOT NULL DEFAULT 'x', ADD COLUMN size int;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY users_nick_key ON users (nick);\n"
        "ALTER TABLE users ADD CONSTRAINT users_nick_key UNIQUE USING INDEX users_nick_key;\n",
    ),
    Case(
        "add-unique-constraint",
        "alter table users add constraint one_name unique nulls not distinct (name);\n",
        "create unique index concurrently one_name on users (name) nulls not distinct;\n"
        "alter table users add constraint one_name unique using index one_name;\n",
        postgres=15,
    ),
    Case(
        "add-primary-key",
        "ALTER TABLE notes ADD PRIMARY KEY (b);\n",
        "CREATE UNIQUE INDEX CONCURRENTLY notes_pkey ON notes (b);\n"
        "ALTER TABLE notes ADD CONSTRAINT notes_pkey PRIMARY KEY USING INDEX notes_pkey;\n",
    ),
    Case(
        "add-primary-key",
        "ALTER TABLE notes ADD CONSTRAINT key PRIMARY KEY (a, b);\n",
        "ALTER TABLE notes ADD CONSTRAINT notes_a_not_null_check CHECK (a IS NOT NULL) NOT VALID;\n"
        "ALTER TABLE notes VALIDATE CONSTRAINT notes_a_not_null_check;\n"
        "ALTER TABLE notes ALTER COLUMN a SET NOT NULL;\n"
        "ALTER TABLE notes DROP CONSTRAINT notes_a_not_null_check;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY key ON notes (a, b);\n"
        "ALTER TABLE notes ADD CONSTRAINT key PRIMARY KEY USING INDEX key;\n",
    ),
    Case(
        "add-primary-key",
        "ALTER TABLE notes ADD CONSTRAINT notes_a_idx PRIMARY KEY USING INDEX notes_a_idx;\n",
        "ALTER TABLE notes ADD CONSTRAINT notes_a_not_null_check CHECK (a IS NOT NULL) NOT VALID;\n"
        "ALTER TABLE notes VALIDATE CONSTRAINT notes_a_not_null_check;\n"
        "ALTER TABLE notes ALTER COLUMN a SET NOT NULL;\n"
        "ALTER TABLE notes DROP CONSTRAINT notes_a_not_null_check;\n"
        "ALTER TABLE notes ADD CONSTRAINT notes_a_idx PRIMARY KEY USING INDEX notes_a_idx;\n",
        SHOP + "create unique index notes_a_idx on notes (a);",
    ),
]
AGAIN = [
    ("CREATE TABLE more (id int);\n", "CREATE TABLE IF NOT EXISTS more (id int);\n"),
    ("create index concurrently i on users (name);\n", "create index concurrently if not exists i on users (name);\n"),
    ("ALTER TABLE users ADD x int, DROP age, ADD COLUMN y int, DROP COLUMN email;\n",
     ("ALTER TABLE users ADD IF NOT EXISTS x int, DROP IF EXISTS age, ADD COLUMN IF NOT EXISTS y int, "
     "DROP COLUMN IF EXISTS email;\n")),
    ("ALTER TABLE users DROP CONSTRAINT users_pkey;\n", "ALTER TABLE users DROP CONSTRAINT IF EXISTS users_pkey;\n"),
    ("DROP TABLE notes, orders;\n", "DROP TABLE IF EXISTS notes, orders;\n"),
    ("DROP INDEX CONCURRENTLY notes_c_idx;\n", "DROP INDEX CONCURRENTLY IF EXISTS notes_c_idx;\n"),
    ("drop materialized view names;\n", "drop materialized view if exists names;\n"),
]  # fmt: skip
IDEMPOTENT = "non-idempotent-statement"
CASES = [*INDEXES, *TWO_STEPS, *KEYS, *(Case(IDEMPOTENT, sql, fixed, on=IDEMPOTENT) for sql, fixed in AGAIN)]
