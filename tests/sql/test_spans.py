"""Every operation knows its exact place in the file, whatever characters the file is made of."""

from __future__ import annotations

import pytest

from tests.sql.reading import clauses, operation, statement
from zdmigrate.schema import operations as o
from zdmigrate.sql.lines import Lines
from zdmigrate.sql.script import read_script


def positions(text: str) -> list[tuple[int, int]]:
    lines = Lines(text)
    return [lines.position(found.span.start) for each in read_script(text).statements for found in each.operations]


@pytest.mark.parametrize(
    "text",
    [
        "alter table t add a int, drop b;",
        "\ufeffalter table t add a int, drop b;",
        "-- é ü 漢字 🎉\nalter table t add a int, drop b;",
        "/* é */ alter table t /* 漢 */ add a int /* 🎉 */, drop b -- ü\n;",
        "select 'é', '🎉';\r\nalter table t\r\n\tadd a int,\r\n\tdrop b;\r\n",
        "\\echo é\nalter table ${é} add a int, drop b;",
        "copy t from stdin;\n漢\t'\n\\.\nalter table t add a int, drop b;",
    ],
)
def test_the_place_of_an_action_is_its_text(text: str) -> None:
    assert [clause for clause in clauses(text) if "select" not in clause][-2:] == ["add a int", "drop b"]


def test_names_in_many_scripts_do_not_move_places() -> None:
    text = 'alter table "таблица" add "コラム" text default \'🎉\', drop "é", alter ü set not null;'
    assert clauses(text) == ["add \"コラム\" text default '🎉'", 'drop "é"', "alter ü set not null"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_with_any_line_end(end: str) -> None:
    text = end.join(["-- 漢", "alter table t", "\tadd a int,", "  é int;", "", "drop table u;"])
    text = text.replace("  é int", "  add é int")
    assert positions(text) == [(3, 2), (4, 3), (6, 12)]


def test_a_tab_and_a_wide_character_are_one_column_and_a_mark_at_the_start_is_none() -> None:
    assert positions("\ufeffdrop table a;\tdrop table 漢, b;") == [(1, 12), (1, 26), (1, 29)]


def test_positions_at_the_edges() -> None:
    lines = Lines("\ufeffa\r\n\r\nb")
    assert [lines.position(offset) for offset in (0, 1, 2, 4, 6, 7)] == [(1, 1), (1, 1), (1, 2), (2, 1), (3, 1), (3, 2)]
    assert [lines.text_of(line) for line in (1, 2, 3)] == ["a", "", "b"]
    assert Lines("").position(0) == (1, 1)


def test_a_statement_reaches_from_its_first_token_to_its_last() -> None:
    text = "  -- before\n  drop table a -- within\n ; -- after"
    (found,) = read_script(text).statements
    assert found.text == "drop table a"
    assert text[found.span.start : found.span.end] == "drop table a"


def test_columns_and_constraints_have_their_places() -> None:
    sql = (
        'create table t (é int constraint p primary key check (é > 0) default (1) collate "C" not null, '
        "b numeric(10, 2) references u (x) on delete cascade deferrable, constraint k unique (b, é), like z)"
    )
    found = operation(sql, o.CreateTable)
    assert [sql[column.span.start : column.span.end] for column in found.columns] == [
        'é int constraint p primary key check (é > 0) default (1) collate "C" not null',
        "b numeric(10, 2) references u (x) on delete cascade deferrable",
    ]
    assert [sql[each.span.start : each.span.end] for column in found.columns for each in column.constraints] == [
        "constraint p primary key",
        "check (é > 0)",
        "references u (x) on delete cascade deferrable",
    ]
    assert [sql[each.span.start : each.span.end] for each in found.constraints] == ["constraint k unique (b, é)"]


def test_the_place_of_a_syntax_error_is_the_token_that_postgresql_names() -> None:
    text = "select 'é';\nselect 漢 frm t from;"
    (_, found) = read_script(text).statements
    assert found.error is not None
    assert found.error.message == 'syntax error at or near "t"'
    assert text[found.error.span.start : found.error.span.end] == "t"


def test_a_statement_that_ends_too_early_is_marked_at_its_last_token() -> None:
    text = "create table é ("
    (found,) = read_script(text).statements
    assert found.error is not None
    assert found.error.message == "syntax error at end of input"
    assert text[found.error.span.start : found.error.span.end] == "("


def test_drop_is_marked_at_each_name() -> None:
    assert clauses('drop table if exists "é", s.b, c cascade; drop view v restrict; drop materialized view m') == [
        '"é"',
        "s.b",
        "c",
        "v",
        "m",
    ]


def test_a_write_in_with_is_an_operation_at_its_own_place() -> None:
    text = "with é as (delete from a where x = 1 returning *), w as (select 1) insert into b select * from é"
    assert clauses(text) == ["delete from a where x = 1 returning *", text]
    assert [found.kind for found in statement(text).operations] == ["delete", "insert"]
