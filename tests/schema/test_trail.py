"""Schemas that were followed ahead are those that linting finds, and no other operation is taken for theirs."""

from __future__ import annotations

from zdmigrate.config import Config
from zdmigrate.lint.engine import Linter
from zdmigrate.lint.rules import load_rules
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.trail import Trail
from zdmigrate.sources.change import read_change
from zdmigrate.sql.script import read_script

FILES = (
    "set search_path = app; create table a (id int primary key, name varchar(50))",
    "alter table app.a alter column name type varchar(100); create index on app.a (name)",
    "create function f() returns void language sql as $$ create table c (id int) $$; select f();",
    "begin; alter table c add column note json; rollback; alter table c add column note int not null",
    "-- zdmigrate: expand\nalter table c add column more int;\n-- zdmigrate: revert\nalter table c drop column more;",
    "drop table app.a; alter table c add constraint c_a foreign key (more) references b (id)",
)


def test_linting_finds_the_same_behind_a_trail() -> None:
    changes = [read_change(f"{number}.sql", text) for number, text in enumerate(FILES)]
    anew, ahead = (Linter(Config(), load_rules()) for _ in range(2))
    anew.read_all(changes)
    left = ahead.schema_left_by(changes)
    ahead.read_all(changes)
    assert ahead.catalog == anew.catalog == left
    assert ahead.found.findings == anew.found.findings != []


def test_what_was_followed_from_another_schema_is_followed_anew() -> None:
    (operation,) = read_script("alter table a add column b int").statements[0].operations
    trail, known = Trail(), Catalog()
    (made,) = read_script("create table a (c int)").statements[0].operations
    followed = trail.follow(operation, known)
    assert trail.after(operation, known) is followed
    other = trail.after(operation, known.after(made))
    assert other == known.after(made).after(operation) != followed
