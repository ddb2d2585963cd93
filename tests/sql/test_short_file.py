"""A short file as the grammar cuts it is the file as its tokens cut it, and where that is doubtful, tokens decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.lint_speed import ORDINARY
from tests.fuzz.corpus import pieces, statements
from tests.fuzz.mutate import case
from zdmigrate.sql import script, short_file
from zdmigrate.sql.psql import mask
from zdmigrate.sql.short_file import read_short

if TYPE_CHECKING:
    from random import Random

QUOTED = ["'--'", '"--"', "$$ -- $$", "$a$ -- $$ $b$a$", "'it''s --'", '"a""--"', "e'--'", "u&'--' uescape '!'", "'a'"]
REMARKS = ["--\n", "-- é\n", "--;\n", "--'\n", '--"\n', "--$$\n", "--\r", "-- c \n", "\n", " ", "/*;*/", ";", ";--x\n;"]
GLUED = [
    "'a'\n'b'",
    "'a' -- c\n'b'",
    "'a' -- c\n\n-- d\n '--'",
    "$1",
    "a$b",
    "a$$",
    "1$$",
    "$q",
    "é$$",
    "+--\n",
    "1--\n",
]
LONG = ["x" * 63, "x" * 64, '"' + "é" * 32 + '"', '"' + "x " * 32 + '"', "'" + "x" * 80 + "'", "(" + "x," * 40 + "y)"]
SMALL = [piece for piece in pieces() if len(piece) < 100]
ENDS = [";", " ; ", ";\n-- é\n", " -- ;\n;", "--; ", ""]
often = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


def both_roads_agree(text: str) -> bool:
    """Whether the short road was taken; everything found on it is compared."""
    masked = mask(text).text
    short = script._read_short(text, masked)
    if short is not None:
        assert short == script._read_tokens(text, masked)
    return short is not None


def put_in(text: str, remark: str, place: int) -> str:
    """``remark`` at one of the text's spaces."""
    words = text.split(" ")
    place %= len(words)
    return " ".join(words[:place]) + f" {remark} " + " ".join(words[place:])


@often
@given(
    st.lists(
        st.tuples(
            st.sampled_from(statements()),
            st.sampled_from([*QUOTED, *REMARKS, *GLUED, *LONG, *SMALL]),
            st.integers(0, 50),
            st.sampled_from(ENDS),
        ),
        max_size=4,
    )
)
def test_statements_with_remarks_in_them(parts: list[tuple[str, str, int, str]]) -> None:
    both_roads_agree("".join(put_in(text, remark, place) + end for text, remark, place, end in parts))


@often
@given(st.lists(st.sampled_from(["select ", "'a'", ",", "a ", *QUOTED, *REMARKS, *GLUED, *LONG]), max_size=12))
def test_quotes_and_remarks_side_by_side(parts: list[str]) -> None:
    both_roads_agree("select " + "".join(parts))


@often
@given(st.randoms(use_true_random=False))
def test_a_mutilated_file(random: Random) -> None:
    both_roads_agree(case(random)[:5000])


def test_statements_that_somebody_meant() -> None:
    taken = [both_roads_agree(f"-- é\n{text} -- '\n;") for text in statements()]
    assert sum(taken) > 0.7 * len(taken)


@pytest.mark.parametrize(
    "text",
    [
        ORDINARY.format(n=1),
        "",
        "-- nothing\n",
        "select 1 -- a \n\t; drop table b --; ",
        " ;; select 1 -- a\n -- b\n ; ; (select 2)--",
        'with x as (select 1) select * from x; -- é\ntable "漢--" -- \'\n',
        "select '--', $$ -- $$, \"--\", $a$ $b$ -- $a$; -- a comment",
        "select ''''--\n, '--'",
        "\\set ON_ERROR_STOP off\ndrop table a; -- c\n\\q\n",
        "select :'a', {{ b }}; create table ${c} (d int default '{}')",
        "do $$ begin perform 1; -- no comment of the file's\nend $$; drop table a",
        "create type a as enum ('b'); alter type a add value 'c'; insert into d values ('c')",
    ],
)
def test_the_grammar_cuts(text: str) -> None:
    assert both_roads_agree(text)


@pytest.mark.parametrize(
    "text",
    [
        "select 'a' -- the literal's\n 'b'",
        "select a$b -- c\n$$ from t",
        "select a$$ -- $$\n",
        "select $1 -- c\n",
        "select /* -- */ 1",
        r"select e'\'--'",
        "create rule r as on insert to a do also (insert into b values (1); delete from c)",
        "create procedure p() begin atomic select 1; select 2; end",
        f"select {'x' * 64}",
        f'select "{"é" * 32}"',
        f'select "{"x " * 20}""{"x " * 20}"',
        "drop tabel a; drop table b",
        "select '",
        "select 1;" * 600,
    ],
)
def test_tokens_decide(text: str) -> None:
    assert read_short(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "create table a (b int, c text not null); -- d\n",
        "create table a (); create table b ( -- c\n)",
        'create table "a -- b" ( -- c, d)\n "e" int -- )\n, f text, -- ,\n primary key (e, f) -- g\n)',
        "alter table s . a * -- b\n add column c int",
        'alter table "é"add "c"int; alter table a validate constraint b',
        "alter table a add constraint b foreign key (c) references d (e) not valid -- f\n",
    ],
)
def test_parts_that_need_no_tokens(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_roads_agree(text)  # and the columns are known from now on

    def refuse(*_: object) -> None:
        raise AssertionError(text)

    monkeypatch.setattr(short_file, "tokens_between", refuse)
    assert script._read_short(text, text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "create table a (u&\"b\" uescape '!' int, c int)",
        "create table a (like b, c int); create table a (c int, like b including all, d int)",
        "create table a (b int) with (fillfactor = 70); create table a (b int) inherits (c, d)",
        "create table a partition of b (c default 1) for values in (1); create table a of b (c with options not null)",
        "create schema a create table b (c int, d int) create view e as (select 1)",
        "create foreign table a (b int, c int) server d options (e 'f')",
        "alter table u&\"a\" uescape '!' add b int; alter table only (a) add b int",
        "alter table a add b int, add c numeric(1, 2), add check (b > 1), add unique (b, c)",
        "alter table a add constraint b check (c > 1); alter table a alter b type text using (c, d)::text",
        "alter table ${a} add b int; create table {{ a }} (b int, c int)",
    ],
)
def test_parts_that_need_tokens(text: str) -> None:
    both_roads_agree(text)
