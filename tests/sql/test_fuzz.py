"""Whatever a file holds: no crash, no lost statement, no place outside of the text."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.alter_table_samples import SAMPLES as ACTIONS
from tests.sql.statement_samples import SAMPLES
from zdmigrate.sql import tokens as t
from zdmigrate.sql.cut import scan_all
from zdmigrate.sql.psql import mask
from zdmigrate.sql.script import Script, read_script

STATEMENTS = [sample[0] for sample in (*SAMPLES.values(), *ACTIONS.values())]
PIECES = [
    *STATEMENTS,
    *(" ", "\n", "\r\n", "\t", ";", "'", '"', "$$", "$a$", "--", "/*", "*/", "\\", "\\q\n", "\\g", "(", ")", "[", "]"),
    *(",", ".", ":", "::", ":x", "${x}", "{{", "}}", "{%", "e'", "\0", "\ufeff", "é", "漢", "🎉", "\ud800", "123abc"),
    *("begin atomic ", " end ", " case ", "copy t from stdin;\n", "\\.\n", "create rule ", "union all select 1 "),
]
SEPARATORS = [";", " ; ", ";\r\n-- é\r\n", ";/*;*/"]
quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(text: str) -> Script:
    script = read_script(text)
    found = [(token.start, token.end) for token in scan_all(mask(text).text).tokens if token.number not in HIDDEN]
    spans = [statement.span for statement in script.statements]
    for start, end in found:
        assert any(span.start <= start and end <= span.end for span in spans), text[start:end]
    assert spans == sorted(spans)
    for statement in script.statements:
        assert text[statement.span.start : statement.span.end] == statement.text
        assert bool(statement.operations) != (statement.error is not None)
        for place in (
            *(found.span for found in statement.operations),
            *([statement.error.span] if statement.error else []),
        ):
            assert statement.span.start <= place.start < place.end <= statement.span.end
        assert statement.tokens_digest
    return script


HIDDEN = (*t.COMMENTS, t.SEMICOLON)


@quickly
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_pieces_of_sql_in_any_order(text: str) -> None:
    check(text)


@quickly
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    check(text)


@quickly
@given(
    st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=8),
    st.sampled_from([";", " ; ", ";\r\n-- é\r\n", ";/*;*/"]),
)
def test_whole_statements_are_all_found(statements: list[str], separator: str) -> None:
    script = check(separator.join(statements))
    assert [statement.text for statement in script.statements] == statements


@quickly
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_statement_with_a_piece_cut_out(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    check(text[:start] + text[end:])
