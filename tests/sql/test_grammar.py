"""The door to libpg_query gives what PostgreSQL says, and never a crash."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

from zdmigrate.sql import grammar, postgast_api, tokens
from zdmigrate.sql.grammar import GrammarError, NestedTooDeeply, Offsets, parse, parse_plpgsql, scan, version

TEXTS = [
    "select 1",
    "alter table only s.t add column é int not null default 1, alter d drop not null",
    "insert into \"é\" values (1, 9999999999, -1, 1.5, true, null, 'x', b'1')",
    "create function f() returns int language sql as $$ select 1 $$; -- done",
]


def test_the_grammar_is_that_of_postgresql_18() -> None:
    assert version() // 10000 == 18


def test_postgast_is_not_imported() -> None:
    code = (
        "import sys; from zdmigrate.sql.grammar import parse; parse('select 1'); assert 'postgast' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_numbers_of_tokens_are_the_grammars() -> None:
    numbers: Any = import_module("postgast.pg_query_pb2").Token
    ours = {name: value for name, value in vars(tokens).items() if isinstance(value, int) and value > 255}
    assert len(ours) > 20
    for name, value in ours.items():
        assert numbers.Name(value).removesuffix("_P") == name


def test_token_offsets_are_code_points() -> None:
    text = "select '漢', é -- 🎉"
    assert [text[token.start : token.end] for token in scan(text)] == ["select", "'漢'", ",", "é", "-- 🎉"]


@pytest.mark.parametrize("length", [10, 127, 128, 16_383, 16_384, 300_000])
def test_tokens_far_into_a_file_are_read(length: int) -> None:
    found = scan(" " * length + "select")
    assert [(token.start, token.end) for token in found] == [(length, length + 6)]


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("select 漢 frm t from", 'syntax error at or near "t"', 13),
        ("select '漢', 'abc", 'unterminated quoted string at or near "\'abc"', 12),
        ("select 'a\0b'", "a NUL character has no place in SQL", 9),
        ("select '\ud800'", "the text is not valid Unicode", 8),
    ],
)
def test_an_error_names_its_place_in_code_points(text: str, message: str, offset: int) -> None:
    with pytest.raises(GrammarError) as error:
        parse(text)
    assert (error.value.message, error.value.offset) == (message, offset)


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_a_long_chain_is_an_error_and_no_crash(count: int) -> None:
    for text in ("select " + "+".join("1" * count), "select 1, 2" + " union select 1, 2" * count):
        with pytest.raises(NestedTooDeeply):
            parse(text)


def test_a_long_list_is_no_chain() -> None:
    parse("insert into t values " + ", ".join(["(1, -2, 'x' || 'y')"] * 20_000))


def test_a_plpgsql_body_is_read() -> None:
    (tree,) = parse_plpgsql("create function f() returns void language plpgsql as $$ begin perform 1; end $$")
    assert "PLpgSQL_function" in tree
    with pytest.raises(GrammarError):
        parse_plpgsql("create function f() returns void language plpgsql as $$ begin perfrm 1 end $$")


@pytest.mark.parametrize("text", TEXTS)
def test_the_public_api_gives_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = parse(text), scan(text)
    monkeypatch.setattr(grammar, "_library", lambda: None)
    assert (parse(text), scan(text)) == expected


@pytest.mark.parametrize("text", ["select '漢' frm t from", "select '漢', 'abc"])
def test_the_public_api_gives_the_same_errors(text: str) -> None:
    with pytest.raises(GrammarError) as expected:
        parse(text)
    with pytest.raises(GrammarError) as error:
        postgast_api.parse(text)
    assert (error.value.message, error.value.offset) == (expected.value.message, expected.value.offset)


def test_offsets_may_be_asked_in_any_order() -> None:
    offsets = Offsets("é漢a🎉b".encode())
    assert [offsets.at(byte) for byte in (0, 2, 5, 6, 10, 11, 5, 2)] == [0, 1, 2, 3, 4, 5, 2, 1]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_faster", [])
    grammar.expect_many()


@pytest.mark.parametrize("text", [*TEXTS, "SELECT 12345678901234567890, 1e400, '\\u0001 \\\\ \\u00e4 \U0001f600'"])
def test_of_many_files_the_trees_are_the_same(text: str, many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    told = parse(text)
    monkeypatch.setattr(grammar, "_faster", [])
    assert parse(text) == told


@pytest.mark.parametrize("text", ["array[" * 300 + "1" + "]" * 300, "not " * 300 + "true", "1" + "+1" * 400])
def test_what_is_nested_is_refused_of_many_files_as_of_one(
    text: str, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = is_refused(f"select {text}")
    monkeypatch.setattr(grammar, "_faster", [])
    assert is_refused(f"select {text}") == refused


def is_refused(text: str) -> bool:
    try:
        parse(text)
    except NestedTooDeeply:
        return True
    return False
