"""What is no SQL in a file is passed over, and moves nothing."""

from __future__ import annotations

import pytest

from tests.sql.reading import operation, operations
from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql.psql import mask
from zdmigrate.sql.script import read_script


def texts(text: str) -> list[str]:
    script = read_script(text)
    assert [statement.error for statement in script.statements if statement.error] == []
    return [statement.text for statement in script.statements]


def test_psql_lines_are_passed_over() -> None:
    text = "\\set ON_ERROR_STOP on\n  \\echo it's ; begun\nselect 1;\n\\i other.sql\nselect 2;"
    assert texts(text) == ["select 1", "select 2"]
    assert [text[span.start : span.end] for span in read_script(text).psql_lines] == [
        "\\set ON_ERROR_STOP on",
        "\\echo it's ; begun",
        "\\i other.sql",
    ]


@pytest.mark.parametrize("line", ["\\q", "\\quit", "  \\quit  ", "\\echo Use CREATE EXTENSION x \\quit"])
def test_the_lines_on_which_psql_quits_are_kept(line: str) -> None:
    text = f"select 1;\r\n{line}\r\nselect 2;"
    (quit_,) = read_script(text).quits
    assert text[quit_.start : quit_.end] == line.strip()
    assert texts(text) == ["select 1", "select 2"]


@pytest.mark.parametrize("line", ["\\quiet", "\\qecho \\quitting", "\\echo quit"])
def test_other_lines_are_no_quit(line: str) -> None:
    assert read_script(f"{line}\nselect 1;").quits == ()


@pytest.mark.parametrize(
    "text", ["select '\n\\quit\n'", "select $$\n\\quit\n$$", "/*\n\\quit\n*/ select 1", "-- \\quit\nselect 1"]
)
def test_a_backslash_in_a_string_or_comment_is_none_of_psqls(text: str) -> None:
    script = read_script(text)
    assert script.quits == ()
    assert len(script.statements) == 1
    assert script.statements[0].error is None


def test_a_backslash_within_a_statement_is_a_syntax_error_there() -> None:
    (found,) = read_script("select 1 \\ 2;").statements
    assert found.error is not None
    assert found.error.message == 'syntax error at or near "\\"'


def test_what_sends_the_statement_ends_it() -> None:
    assert texts("select 1\n\\gexec\nselect 2 \\gset x_\nselect 3 \\g") == ["select 1", "select 2", "select 3"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_data_of_copy_is_no_sql(end: str) -> None:
    lines = ["-- data", "COPY t (a, b) FROM stdin WITH (format csv);", "it's;", "$$ /* \\n", "\\.", "select 2;"]
    assert texts(end.join(lines)) == ["COPY t (a, b) FROM stdin WITH (format csv)", "select 2"]


def test_copy_data_without_an_end_takes_the_rest() -> None:
    assert texts("copy t from stdin;\n1\t'\nselect 2;") == ["copy t from stdin"]


def test_copy_to_stdout_has_no_data() -> None:
    assert texts("copy t to stdout;\nselect 2;") == ["copy t to stdout", "select 2"]


@pytest.mark.parametrize(
    "text",
    [
        "select :a, :'b', :\"c\" from t",
        "select * from ${schema}.t_${n}",
        "select * from {{ schema }}.t where {{ it('s') }}",
        "create table t (id $%AUTO_INCREMENT_PRIMARY_KEY%$)",
        "{% if x %}select 1{% endif %}",
        "select 1 {# it's #}",
        "select 1 limit :n",
    ],
)
def test_placeholders_are_read_as_what_may_stand_there(text: str) -> None:
    assert texts(text) == [text.removeprefix("{% if x %}").removesuffix("{% endif %}").removesuffix(" {# it's #}")]


@pytest.mark.parametrize(
    "text",
    [
        "select a::int, '1'::text",
        "select a[1:2], a[n:m]",
        "select f(a := 1)",
        "select ':x', \":y\", $$ :z ${a} $$",
        "select '{{1,2},{3,4}}'::int[]",
        "select '${x}', e'\\':x'",
        "-- :x\nselect 1 /* ${y} */",
    ],
)
def test_what_only_looks_like_a_placeholder_is_left_alone(text: str) -> None:
    assert mask(text).text == text


def test_a_name_with_a_placeholder_is_one_name() -> None:
    found = operation("alter table ${schema}.users_${n} drop a", o.DropColumn)
    assert found.relation == Name("__schema_", "users___n_")


def test_the_mask_is_as_long_as_the_text() -> None:
    text = "\ufeff\\set x 漢\r\nselect :'漢', ${é};\ncopy t from stdin;\n🎉\n\\.\n"
    masked = mask(text)
    assert len(masked.text) == len(text)
    assert [at for at, sign in enumerate(text) if sign in "\r\n"] == [
        at for at, sign in enumerate(masked.text) if sign in "\r\n"
    ]


def test_a_long_banner_of_hyphens_is_read_at_once() -> None:
    text = ("-- " + "-" * 80 + "\n") * 50 + "select a::int;"
    assert texts(text) == ["select a::int"]


def test_operations_after_a_mask_are_whole() -> None:
    (found,) = operations("\ufeff\\set x 1\ndrop table :x.t")
    assert found.relation == Name("_x", "t")


@pytest.mark.parametrize("off", ["\\unset ON_ERROR_STOP", "\\set ON_ERROR_STOP 0", "\\set ON_ERROR_STOP off"])
def test_a_drop_that_may_fail_is_if_exists(off: str) -> None:
    text = f"drop view a;\n{off}\ndrop view b;\ndrop function f() cascade;\n\\set ON_ERROR_STOP 1\ndrop view c;"
    drops = [done for statement in read_script(text).statements for done in statement.operations]
    assert [(done.kind, getattr(done, "if_exists", None)) for done in drops] == [
        ("drop_view", False),
        ("drop_view", True),
        ("drop_object", True),
        ("drop_view", False),
    ]


@pytest.mark.parametrize(
    ("text", "statements", "comments"),
    [
        ("/*" * 9000 + "*/" * 9000 + "drop table t", ["drop table t"], ["/*" * 8999 + "*/" * 8999]),
        ("/*" + "+" * 9000 + "*/ drop table t -- x", ["drop table t"], ["+" * 9000, "x"]),
        ("select 1" + "-+" * 9000 + "1; drop table t", ["select 1" + "-+" * 9000 + "1", "drop table t"], []),
        ("select '" + "+" * 9000 + "'; drop table t", ["select '" + "+" * 9000 + "'", "drop table t"], []),
        (f"do $$ begin x := {'+' * 9000}; end $$; table t", [f"do $$ begin x := {'+' * 9000}; end $$", "table t"], []),
    ],
    ids=["comments", "comment", "operator", "string", "body"],
)  # fmt: skip
def test_a_run_of_signs_at_which_the_scanner_would_stand_still_is_told_as_written(
    text: str, statements: list[str], comments: list[str]
) -> None:
    script = read_script(text)
    assert [statement.text for statement in script.statements] == statements
    assert [comment.text for comment in script.comments] == comments
    assert script.statements[-1].error is None


def test_a_comment_of_such_signs_that_nobody_closes_stays_open() -> None:
    (statement,) = read_script("table t;" + "/*" * 9000 + " drop table t */").statements[1:]
    assert statement.error is not None
    assert statement.error.message.startswith("unterminated /* comment")


def test_a_message_does_not_quote_a_name_of_thousands() -> None:
    (statement,) = read_script("drop " + "x" * 9000).statements
    assert statement.error is not None
    assert len(statement.error.message) < 250


def test_copy_is_read_however_its_words_are_written() -> None:
    assert [statement.text for statement in read_script("Copy t From StdIn;\n1;2\n\\.\ntable t").statements] == [
        "Copy t From StdIn", "table t",
    ]  # fmt: skip
