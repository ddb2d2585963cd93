"""The short form: whatever a file holds, nothing is lost, hidden or raised. Hypothesis picks cases and shrinks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import properties
from tests.fuzz.corpus import pieces, statements
from tests.fuzz.mutate import case
from tests.fuzz.properties import check, lint, nothing_is_lost
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from random import Random

SEPARATORS = [";", " ; ", ";\r\n-- é\r\n", ";/*;*/"]
shortly = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SINGLE = [text for text in statements() if [each.text for each in read_script(text).statements] == [text]]
SMALL = [piece for piece in pieces() if len(piece) < 100]


@shortly
@given(st.randoms(use_true_random=False))
def test_a_mutilated_file(random: Random) -> None:
    check(case(random)[:5000])


@shortly
@given(st.lists(st.sampled_from(SMALL), max_size=12).map("".join))
def test_what_stands_between_statements_in_any_order(text: str) -> None:
    check(text)


@shortly
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    check(text)


@shortly
@given(st.sampled_from(statements()), st.data())
def test_a_statement_with_a_stretch_cut_out(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    check(text[:start] + text[data.draw(st.integers(start, len(text))) :])


@shortly
@given(st.lists(st.sampled_from(SINGLE), min_size=1, max_size=8), st.sampled_from(SEPARATORS))
def test_whole_statements_are_all_found(texts: list[str], separator: str) -> None:
    assert [statement.text for statement in nothing_is_lost(separator.join(texts)).statements] == texts


@pytest.mark.parametrize(
    ("head", "before", "after", "depth"),
    [
        ("select ", "(", ")", 10_000),
        ("select ", "not ", "true ", 10_000),
        ("select 1 ", "+ 1 ", "", 10_000),
        ("select 1 ", "union all select 1 ", "", 2_000),
        ("select array", "[", "]", 10_000),
        ("", "/*", "*/", 10_000),
        ("select ", "case when true then ", "end ", 5_000),
        ("", "do $$ begin ", "end $$ ", 2_000),
        ("do $$ begin ", "begin ", "end; ", 10_000),
        ("do $$ begin ", "if true then ", "end if; ", 10_000),
        ("do $$ begin perform 1 ", "+ 1", "", 10_000),
        ("create procedure p() begin atomic ", "select case when true then 1 ", "end; ", 1_000),
        ("", "begin; ", "", 2_000),
        ("alter table t add a int", ", add a int", "", 500),
        ("drop table t", ", t", "", 300),
    ],
)
def test_depth_and_length_take_nobody_down(head: str, before: str, after: str, depth: int) -> None:
    """A stack that overflows would end the process, and with it every test."""
    for text in (head + before * depth + after * depth, head + before * depth):
        nothing_is_lost(text)
        lint(text)


# --------------------------------------------------------------------------- the properties can fail


@pytest.mark.parametrize("text", ["select 1; select 2", "copy t from stdin;\n1\n\\.\n", "{% if x %} select 1"])
def test_a_statement_that_is_dropped_is_noticed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nothing_is_lost(text)
    monkeypatch.setattr("tests.fuzz.properties.read_script", lambda _: whole.changed(statements=whole.statements[:-1]))
    with pytest.raises(AssertionError, match="lost"):
        nothing_is_lost(text)


def test_a_finding_that_is_hidden_is_noticed() -> None:
    text = "select 'closed"
    assert not properties.is_closed(text)
    findings = lint("select 1")
    assert findings is not None
    properties.what_stands_around_it_is_raised("select 1", findings)
    with pytest.raises(AssertionError):
        properties.what_stands_around_it_is_raised("select 1", [found for found in findings if found.line == 1])
