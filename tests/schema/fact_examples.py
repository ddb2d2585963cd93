"""What is known of an operation from the statements above it, and of what depends on a column: given, SQL, facts."""

from __future__ import annotations

from typing import Any

from tests.schema.samples import DOMAINS, SHOP

MOOD = "create type mood as enum ('sad'); create table users (id bigint primary key, mood mood, note text);"
ADDED = "begin; alter type mood add value 'new'; "
READ = (
    SHOP
    + """
create view names as select name from users;
create view everything as select * from users;
create policy own on users using (name = current_user);
create function f() returns trigger language plpgsql as $$ begin new.name = lower(new.name); return new; end $$;
create function g() returns bigint language sql as 'select id from users where email is null; select 1';
create trigger t before update of age on users for each row when (new.email is null) execute function f();
create publication p for table users (id, name);
create table made (a int, b int generated always as (a * 2) stored);
"""
)
TWINS = """
create table t (a int unique, b int, c int, "E" int);
create unique index t_lower on t (abs(c)) where "E" > 0;
create function f() returns trigger language plpgsql as $$ begin
    if new.b <> old.b then new.a := new.b; NEW . "E" = new.c; else new.b := abs(new.a); new.c := NEW."E" + 1; end if;
    return new; end $$;
create trigger s before insert or update on t for each row execute function f();
"""
UNREAD = "drop publication p; drop view names, everything;"
RENAMED = READ + "alter table users rename name to label;"

EXAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    # earlier statements of the same change
    (SHOP, "alter table users add x int; alter table users add y int", {"altered_before": True}),
    (SHOP, "alter table users add x int, add y int", {"altered_before": False}),
    (SHOP, "alter table orders add x int; alter table users add y int", {"altered_before": False}),
    (SHOP, "alter table users validate constraint c; alter table users add y int", {"altered_before": False}),
    (SHOP, "drop index orders_note_idx; create index i on orders (note, id)", {"replaces": "orders_note_idx"}),
    (SHOP, "drop index orders_note_idx; create index i on orders (id, note)", {"replaces": ""}),
    (SHOP, "begin; drop index orders_note_idx; create index i on orders (note)", {"replaces": ""}),
    (SHOP, "begin; drop index orders_note_idx; rollback; create index i on orders (note)", {"replaces": ""}),
    (SHOP, "begin; drop index orders_note_idx; commit; create index i on orders (note)",
     {"replaces": "orders_note_idx"}),
    (SHOP, "drop index if exists i; create index i on orders (id)", {"cleared": True, "replaces": ""}),
    (SHOP, "create index concurrently i on orders (id)", {"mixed": False, "cleared": False}),
    (SHOP, "alter table users add x int; create index concurrently i on orders (id)", {"mixed": True}),
    (SHOP, "create index concurrently i on orders (id); alter table users add x int", {"mixed": True}),
    (SHOP, "set lock_timeout = '1s'; create index concurrently i on orders (id)", {"mixed": False}),
    (SHOP, "alter table users add x int; alter table users add y int", {"mixed": False, "rerun_fails": True}),
    (SHOP, "alter table if exists users add x int", {"rerun_fails": True}),
    (SHOP, "alter table users add if not exists x int", {"rerun_fails": False, "if_not_exists": True}),
    (SHOP, "alter table users drop constraint if exists c", {"rerun_fails": False}),
    (SHOP, "drop table if exists users", {"rerun_fails": False}),
    (SHOP, "drop table users", {"rerun_fails": True}),
    (SHOP, "create or replace view v as select 1", {"rerun_fails": False}),
    (SHOP, "create table if not exists t (i int)", {"rerun_fails": False, "if_not_exists": True}),
    (SHOP, "alter table users alter name set default 'x'", {"rerun_fails": False, "major": 18}),
    # values of enums
    (MOOD, ADDED + "update users set mood = 'new'", {"enum_value": "new"}),
    (MOOD, ADDED + "insert into users (mood) values ('new')", {"enum_value": "new"}),
    (MOOD, ADDED + "alter table users add x mood default 'new'", {"enum_value": "new"}),
    (MOOD, ADDED + "create table t (note text)", {"enum_value": ""}),
    (MOOD + "create table t (note text);", ADDED + "insert into t values ('new')", {"enum_value": ""}),
    (MOOD, ADDED + "update users set mood = 'sad'", {"enum_value": ""}),
    (MOOD, ADDED + "commit; update users set mood = 'new'", {"enum_value": ""}),
    (MOOD, ADDED + "rollback; update users set mood = 'new'", {"enum_value": ""}),
    (MOOD, "alter type mood add value 'new'; update users set mood = 'new'", {"enum_value": ""}),
    ("", "begin; create type mood as enum ('a'); alter type mood add value 'new'; select 'new'::mood",
     {"enum_value": ""}),
    (MOOD, "alter type mood add value 'a' before 'sad'", {"placed": True, "type": "mood", "name": "a"}),
    # domains
    (DOMAINS, "alter domain whole set not null", {"table": "t, u, parts_1", "type": "whole", "lock": "SHARE"}),
    (DOMAINS, "alter domain small add check (value > 0)",
     {"table": "t, u", "name": "small_check", "expression": "value > 0", "additive": False}),
    (DOMAINS, "alter domain small add constraint c check (value > 0) not valid", {"not_valid": True, "scans": False}),
    ("", "create domain d as int; create table t (x d); alter domain d set not null", {"table": "", "additive": True}),
    ("", "alter domain d set not null", {"table": "every table with a column of it", "additive": False}),
    ("", "create domain d as int check (value > 0)", {"constrained": True, "plain_type": "int"}),
    ("create domain d as int; alter domain d set not null;", "alter table t add x d", {"fills": "constrained domain"}),
    ("create domain d as int; create domain e as d; create domain f as e; alter domain d set not null;",
     "alter table t add x f", {"fills": "constrained domain"}),
    # what depends on a column
    (READ, "alter table users drop column name cascade",
     {"views": "names, everything", "functions": "f", "indexes_lost": "",
      "readers": "view names, view everything, policy own, publication p"}),
    (READ, "alter table users alter email type text",
     {"views": "everything", "readers": "view everything, trigger t"}),
    (READ, "alter table users alter age type bigint", {"readers": "view everything, trigger t"}),
    (READ, "drop trigger t on users; drop view everything; alter table users drop column age", {"readers": ""}),
    (READ, "alter table made drop column a", {"readers": "column b"}),
    (READ, "drop policy own on users; drop publication p; drop view names, everything; alter table users drop name",
     {"readers": "", "functions": "f"}),
    (TWINS, "create unique index on t (b)", {"twin": "t_a_key"}),
    (TWINS, "alter table t add unique (b)", {"twin": "t_a_key"}),
    (TWINS, "create unique index on t (abs(\"E\")) where \"E\" > 0", {"twin": "t_lower"}),
    (TWINS.replace('"E"', '"; E"'), "create unique index on t (abs(\"; E\")) where \"; E\" > 0", {"twin": "t_lower"}),
    (TWINS, "create unique index on t (a)", {"twin": ""}),
    (TWINS, "create index on t (b)", {"twin": ""}),
    (TWINS + "drop trigger s on t;", "create unique index on t (b)", {"twin": ""}),
    (READ + UNREAD, "alter policy own on users using (id > 0); alter table users drop name", {"readers": ""}),
    (READ + UNREAD + "alter policy own on users with check (name <> '');",
     "alter policy own on users using (id > 0); alter table users drop name", {"readers": "policy own"}),
    ("create table t (a int, b int); alter table t add unique (a) include (b);",
     "alter table t drop constraint t_a_b_key", {"constraint_type": "unique"}),
    (READ, "alter table users rename email to mail", {"functions": "g"}),
    (RENAMED, "alter table users drop column label cascade",
     {"readers": "view names, view everything, policy own, publication p"}),
    (SHOP + "create index i on orders (user_id, note);", "alter table orders drop column user_id",
     {"indexes_lost": "i"}),
    (SHOP, "alter table orders drop column note", {"indexes_lost": ""}),
    # a new table
    (SHOP, "create table t (user_id bigint references users, o bigint references orders)",
     {"targets": "users, orders", "lock": "SHARE ROW EXCLUSIVE"}),
    (SHOP, "create table t (id bigint primary key, parent bigint references t)", {"targets": ""}),
    ("", "create table a (id int primary key); create table t (a int references a)", {"targets": ""}),
    (SHOP, "create table t as select * from users join orders on true", {"reads": "users, orders"}),
    (SHOP, "with u as (select 1) select * into t from u", {"reads": ""}),
    # a new type
    (SHOP, "alter table users alter name type varchar(5)", {"type_reason": "values", "type_change": "rewrite"}),
    (SHOP, "alter table users alter age type bigint using age + 1", {"type_reason": "using"}),
    (SHOP + "alter table users add check (email <> '');", "alter table users alter email type text",
     {"type_reason": "check", "type_change": "scan"}),
    (SHOP, 'alter table orders alter note type text collate "C"',
     {"type_reason": "index", "type_change": "scan", "type": 'text COLLATE "C"'}),
    ("create table t (s timestamp);", "alter table t alter s type timestamptz", {"type_reason": "time zone"}),
    ("create domain d as int check (value > 0); create table t (i int);", "alter table t alter i type d",
     {"type_reason": "domain"}),
    ("", "alter table t alter i type text", {"type_reason": "unknown"}),
    (SHOP, "alter table users alter name type varchar", {"type_reason": ""}),
    # constraints on a new column
    ("", "alter table t add x int check (x > 0) unique references u primary key",
     {"check_name": "t_x_check", "unique_name": "t_x_key", "foreign_key_name": "t_x_fkey",
      "primary_key_name": "t_pkey", "name": "t_x_check"}),
    # identities and triggers
    (SHOP, "alter table users alter id set generated always", {"additive": False}),
    (SHOP, "alter table users alter id set generated by default", {"additive": True}),
    (SHOP, "alter table users alter id set start with 5", {"additive": True}),
    (SHOP, "alter table users disable trigger all", {"additive": False}),
    # transactions
    ("", "begin; create index concurrently i on t (x)", {"transaction": "BEGIN ... COMMIT of the file"}),
    (SHOP, "drop table users, orders", {"held_elsewhere": "users", "waits_before": 1}),
    (SHOP, "begin; drop index orders_note_idx; alter table users add x int", {"held_elsewhere": "orders"}),
    (SHOP, "begin; alter table users add x int; alter table users add y int", {"waits_before": 1}),
    (SHOP, "begin; alter table users add x int; alter table users add y int; drop table orders", {"waits_before": 1}),
    (SHOP, "alter table users add x int; drop table orders", {"waits_before": 0}),
    (SHOP, "create temp table t as select * from users", {"temporary": True}),
]  # fmt: skip
