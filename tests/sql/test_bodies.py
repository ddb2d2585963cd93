"""What stands in the body of a DO, or of a function that is called, is told like any other statement."""

from __future__ import annotations

import pytest

from tests.sql.reading import clauses, kinds, operations, statement
from zdmigrate.schema import operations as o
from zdmigrate.sql.lines import Lines
from zdmigrate.sql.script import read_script

BLOCK = """-- é\r
DO $do$
DECLARE
  n integer := 1;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
    CREATE TYPE mood AS ENUM ('sad'); -- CREATE INDEX i ON t (a)
  ELSIF n > 1 THEN ALTER TABLE é ADD a int, DROP b;
  ELSE CREATE INDEX i ON t (a); CREATE INDEX i ON t (a);
  END IF;
  PERFORM
     f(1), g('x');
  SELECT count(*) INTO STRICT n FROM t;
  CASE n WHEN f(2) THEN DELETE FROM t; ELSE TRUNCATE u; END CASE;
  FOR i IN 1..3 LOOP
    UPDATE t SET a = i WHERE b RETURNING a INTO n;
  END LOOP;
  BEGIN
    CALL p(1);
  EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'x %', n; LOCK TABLE t;
  END;
  n := (SELECT max(a) FROM t);
  RETURN;
END $do$;
"""
PLACES = [
    ("select", 6, 6, "NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')"),
    ("create_object", 7, 5, "CREATE TYPE mood AS ENUM ('sad')"),
    ("add_column", 8, 34, "ADD a int"),
    ("drop_column", 8, 45, "DROP b"),
    ("create_index", 9, 8, "CREATE INDEX i ON t (a)"),
    ("create_index", 9, 33, "CREATE INDEX i ON t (a)"),
    ("select", 11, 3, "PERFORM\n     f(1), g('x')"),
    ("select", 13, 3, "SELECT count(*) INTO STRICT n FROM t"),
    ("select", 14, 15, "f(2)"),
    ("delete", 14, 25, "DELETE FROM t"),
    ("truncate", 14, 45, "TRUNCATE u"),
    ("update", 16, 5, "UPDATE t SET a = i WHERE b RETURNING a"),
    ("call", 19, 5, "CALL p(1)"),
    ("lock_table", 20, 53, "LOCK TABLE t"),
    ("select", 22, 3, "n := (SELECT max(a) FROM t)"),
]


def test_every_statement_of_a_body_has_its_place_in_the_file() -> None:
    text = BLOCK.replace("\r", "")
    found = statement(text).operations
    at = Lines(text).position
    assert [(each.kind, *at(each.span.start), text[slice(*each.span)]) for each in found[1:]] == PLACES
    assert at(found[0].span.start) == (2, 1)


def test_with_carriage_returns_the_places_are_the_same() -> None:
    text = BLOCK.replace("\r", "").replace("\n", "\r\n")
    found = [(each.kind, *Lines(text).position(each.span.start)) for each in statement(text).operations]
    assert found[1:] == [place[:3] for place in PLACES]


def test_an_operation_tells_the_statement_that_it_is_of() -> None:
    text = "do $$ begin alter table t add a int, add b int; perform 1; end $$"
    assert [text[slice(*each.within)] if each.within else None for each in operations(text)] == [
        None, "alter table t add a int, add b int", "alter table t add a int, add b int", "perform 1",
    ]  # fmt: skip


def test_a_body_in_quotes_is_read_at_the_place_of_its_statement() -> None:
    assert clauses("do 'begin alter table t add a int; end'")[1] == "add a int"
    text = "do 'begin alter table t add a text default ''x''; end'"
    assert clauses(text) == [text, text]


@pytest.mark.parametrize(
    ("execute", "does"),
    [
        ("'drop table t'", ["drop_table"]),
        ("'drop table ' || 't'", ["drop_table"]),
        ("'drop table t; truncate u' using 1", ["drop_table", "truncate"]),
        ("format('alter table %I.%I add %s text default %L', 's', 'T', 'a', 'it''s')", ["add_column"]),
        ("format('drop table %2$I', 'x', 't')", ["drop_table"]),
        ("concat('drop table ', quote_ident('t'))", ["drop_table"]),
        ("'select ' || quote_literal('a')", ["select"]),
        ("'drop table ' || v", ["unknown"]),
        ("format('drop table %I', v)", ["unknown"]),
        ("format('drop table %-10s', 't')", ["unknown"]),
        ("format('drop table %I')", ["unknown"]),
        ("'drop tabel t'", ["unknown"]),
        ("null", ["unknown"]),
        ("v", ["unknown"]),
    ],
)
def test_the_text_of_execute_is_known_where_literals_make_it_up(execute: str, does: list[str]) -> None:
    text = f"do $$ declare v text; begin execute {execute}; end $$"
    assert kinds(text) == ["do", *does]
    assert clauses(text)[1].startswith(f"execute {execute.partition(' using')[0]}")


def test_names_are_quoted_as_format_quotes_them() -> None:
    (_, found) = operations(
        "do $$ begin execute format('alter table %I add %I int default %L', 'T', 'a b', 'x'); end $$"
    )
    assert isinstance(found, o.AddColumn)
    assert found.column.default is not None
    assert (str(found.relation), found.column.name, found.column.default.sql) == ("T", "a b", "'x'")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("do language plpython3u $$ x $$", "its body is written in plpython3u"),
        ("do $$ begin execute v || 1; end $$", "its text is put together when it runs"),
        ("do $$ declare r record; begin for r in execute v loop null; end loop; end $$", "put together when it runs"),
        ("do $$ declare c refcursor; begin open c for execute v; end $$", "put together when it runs"),
        ("do $$ begin commit; end $$", "in which PostgreSQL refuses to end it"),
        ("do $$ begin rollback; end $$", "in which PostgreSQL refuses to end it"),
        ("do $$ begin savepoint a; end $$", "PostgreSQL refuses it in a body"),
        ("do $$ begin execute 'begin'; end $$", "PostgreSQL refuses it in a body"),
        ("do $$ begin x := 1; end $$", '"x" is not a known variable'),
        (f"do $$ begin {'loop ' * 9999} {'end loop; ' * 9999} end $$", "memory exhausted"),
        (f"do $$ begin {'loop ' * 999} {'end loop; ' * 999} end $$", "nested too deeply"),
        (f"do $$ begin perform {'1+' * 9999} 1; end $$", "nested too deeply"),
    ],
)
def test_what_is_not_understood_in_a_body_says_why(text: str, reason: str) -> None:
    (found,) = [each for each in operations(text) if isinstance(each, o.Unknown)]
    assert reason in found.reason


def test_a_body_that_is_no_sql_is_a_syntax_error_at_its_place_and_hides_nothing() -> None:
    text = "do $$ begin\n  alter tabel t add a int;\nend $$; drop table t"
    first, second = read_script(text).statements
    assert first.error is not None
    assert first.error.message == 'syntax error at or near "tabel"'
    assert text[slice(*first.error.span)] == "tabel"
    assert [each.kind for each in second.operations] == ["drop_table"]


def test_placeholders_in_a_body_are_names() -> None:
    assert kinds("do $$ begin alter table ${schema}.t add a int; execute 'drop table {{ x }}'; end $$") == [
        "do", "add_column", "drop_table",
    ]  # fmt: skip


def test_what_does_nothing_is_nothing() -> None:
    quiet = "declare n int := 1 + (2); begin n := n * (3); raise notice 'a %', n; get diagnostics n = row_count; "
    assert kinds(f"do $$ {quiet} if n > 1 then null; end if; assert n > 1; end $$") == ["do"]


def test_a_block_in_a_block_is_read_too() -> None:
    text = "do $a$ begin do $b$ begin drop table t; end $b$; end $a$"
    assert clauses(text)[1:] == ["do $b$ begin drop table t; end $b$", "t"]


@pytest.mark.parametrize(
    ("function", "does"),
    [
        ("function f() returns void language plpgsql as $$ begin drop table t; end $$", ["drop_table"]),
        ("function f(inout a int, b text[]) language plpgsql as $$ begin a := 1; drop table t; end $$", ["drop_table"]),
        (
            "function f() returns setof t language plpgsql as $$ begin return query execute 'table t'; end $$",
            ["select"],
        ),
        ("procedure f() language sql as $$ drop table t; delete from u; $$", ["drop_table", "delete"]),
        ("procedure f() language sql as 'select ''a'''", ["select"]),
        ("procedure f() begin atomic delete from u; delete from v; end", ["delete", "delete"]),
        ("function f() returns int return 1 + g(2)", ["select"]),
        ("function f() returns int begin atomic delete from u; return g(2); end", ["delete", "select"]),
        ("function f() returns int language plperl as 'x'", ["unknown"]),
        ("function f() returns int language c as 'x', 'y'", ["unknown"]),
        ("procedure f() language sql as 'drop tabel t; delete from u'", ["unknown", "delete"]),
        ("procedure f() language plpgsql as 'drop'", ["unknown"]),
    ],
)
def test_a_function_tells_what_a_call_of_it_does(function: str, does: list[str]) -> None:
    (found,) = operations(f"create {function}")
    assert isinstance(found, o.CreateFunction)
    assert found.does is not None
    assert [each.kind for each in found.does.operations] == does


def test_a_functions_arguments_tell_it_from_another_of_its_name() -> None:
    (found,) = operations("create function f(a int, b text[], out c int) language sql as 'select 1'")
    assert isinstance(found, o.CreateFunction)
    assert found.arguments == ("int4", "text[]")
