"""A file is cut where PostgreSQL would end its statements, and an error stays in its own."""

from __future__ import annotations

import pytest

from zdmigrate.sql.script import read_script


def texts(text: str) -> list[str]:
    return [statement.text for statement in read_script(text).statements]


def errors(text: str) -> list[str]:
    return [statement.error.message if statement.error else "" for statement in read_script(text).statements]


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff", "-- only\n/* comments */", ";;;", "\\echo psql\n"])
def test_a_file_without_statements_has_none(text: str) -> None:
    assert read_script(text).statements == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1; select 2", ["select 1", "select 2"]),
        ("select ';'; select \";\"", ["select ';'", 'select ";"']),
        ("select 1 -- ;\n; select 2", ["select 1", "select 2"]),
        ("select /* ; /* ; */ ; */ 1; select 2", ["select /* ; /* ; */ ; */ 1", "select 2"]),
        ("do $x$ begin; $$ ; $$ end; $x$; select 2", ["do $x$ begin; $$ ; $$ end; $x$", "select 2"]),
        ("select e'\\';'; select U&'\\003b;'", ["select e'\\';'", "select U&'\\003b;'"]),
        (
            "create rule r as on insert to t do also (delete from a; delete from b); select 2",
            ["create rule r as on insert to t do also (delete from a; delete from b)", "select 2"],
        ),
        (
            "create or replace rule r as on insert to t do (delete from a; delete from b)",
            ["create or replace rule r as on insert to t do (delete from a; delete from b)"],
        ),
        (
            "create function f() begin atomic select case when true then 1 end; select 2; end; select 3",
            [
                "create function f() begin atomic select case when true then 1 end; select 2; end",
                "select 3",
            ],
        ),
        ("begin; select 1; end", ["begin", "select 1", "end"]),
        ("FROB x y z; select 1", ["FROB x y z", "select 1"]),
    ],
)
def test_statements_end_at_semicolons_that_end_one(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_a_syntax_error_hides_no_other_statement() -> None:
    text = "drop table a;\nselec 1;\ndrop table b;\nalter table t ad c int;\ndrop table c;"
    script = read_script(text)
    assert [statement.kind for statement in script.statements] == ["drop", "", "drop", "", "drop"]
    assert errors(text)[1] == 'syntax error at or near "selec"'
    assert script.statements[1].operations == ()


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        (
            "select 1;\nselect 'abc;\nselect 2; select 3;",
            ["select 1", "select 'abc", "select 2", "select 3"],
            'unterminated quoted string at or near "\'abc; …"',
        ),
        ("select 123abc; select 2", ["select 123abc", "select 2"], "trailing junk after numeric literal"),
        ('select ""; select 2', ['select ""', "select 2"], "zero-length delimited identifier"),
        ("select 'a\0b'; select 2", ["select 'a\0b'", "select 2"], "a NUL character has no place in SQL"),
        ("select '\ud800'; select 2", ["select '\ud800'", "select 2"], "the text is not valid Unicode"),
        ("create table t (a int; select 2", ["create table t (a int", "select 2"], "syntax error at end of input"),
        ("select 1 /* never\n; select 2", ["select 1 /* never\n; select 2"], "unterminated /* comment"),
        ("do $x$ begin;\n end;\n", ["do $x$ begin;\n end;\n"], "unterminated dollar-quoted string"),
        (
            "create procedure p() begin atomic select 1; select 2; drop table a",
            ["create procedure p() begin atomic select 1", "select 2", "drop table a"],
            "syntax error at end of input",
        ),
    ],
)
def test_what_cannot_be_read_is_the_error_of_its_statement(text: str, expected: list[str], message: str) -> None:
    assert texts(text) == expected
    (error,) = filter(None, errors(text))
    assert error.startswith(message)


def test_two_statements_without_a_semicolon_between_are_one_error() -> None:
    assert errors("drop table a\ndrop table b; select 1") == ['syntax error at or near "drop"', ""]


def test_nesting_that_is_too_deep_is_unknown_and_no_crash() -> None:
    for text in ("select " + "+".join("1" * 5_000), "select 1" + " union all select 1" * 5_000):
        (found,) = read_script(text).statements
        assert (found.kind, [each.kind for each in found.operations]) == ("select", ["unknown"])
    (found,) = read_script("select " + "(" * 20_000 + "1" + ")" * 20_000).statements
    assert found.error is not None


def test_comments_have_their_places_and_texts() -> None:
    text = "-- zdmigrate: expand\nselect /* inner /* nested */ */ 1; -- after é\r\n--last"
    comments = read_script(text).comments
    assert [comment.text for comment in comments] == ["zdmigrate: expand", "inner /* nested */", "after é", "last"]
    assert [text[comment.span.start : comment.span.end] for comment in comments] == [
        "-- zdmigrate: expand",
        "/* inner /* nested */ */",
        "-- after é",
        "--last",
    ]


def test_what_looks_like_a_comment_in_a_string_is_none() -> None:
    assert read_script("select '-- no', $$ /* no */ $$, \"--no\"").comments == ()


def test_the_digest_does_not_see_comments_and_white_space() -> None:
    first, second, third = (
        read_script(text).statements[0].tokens_digest
        for text in (
            "select a,b from t",
            "-- said\nselect a ,\r\n\tb /* or */ from t -- done",
            "select a, b from t where true",
        )
    )
    assert first == second
    assert first != third
    assert len(first) == 64


def test_the_digest_tells_a_boundary_between_tokens() -> None:
    first, second = read_script("select 'a' 'b'; select 'a''b'").statements
    assert first.tokens_digest != second.tokens_digest
