"""However a file is cut into parts, nothing of it goes unread and nothing is read twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zdmigrate.config_keys import SOURCES
from zdmigrate.sources.detect import TOOLS, marked_by
from zdmigrate.sources.part import File
from zdmigrate.sources.tool_change import change_of

LINES = [
    *("-- migrate:up", "-- migrate:down", "-- migrate:up transaction:false", "--migrate:down"),
    *("-- +goose Up", "-- +goose Down", "-- +goose NO TRANSACTION", "-- +goose StatementBegin"),
    *(
        "-- +migrate Up",
        "-- +migrate Down notransaction",
        "-- Up Migration",
        "-- down migration",
        "--- DOWN  Migration",
    ),
    *("SELECT 1;", "SELECT '", "\\i a.sql", "${all};", "$$", "/*", "-- no-transaction", "", "\ufeff", "DROP TABLE t"),
]
texts = st.lists(st.sampled_from(LINES), max_size=8).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines))
)


# what is rendered has its parts from the process that rendered it: tests/sources/test_alembic.py
CUT = [tool for tool in SOURCES if tool != "alembic"]


@pytest.mark.parametrize("tool", CUT)
@given(text=texts)
def test_parts_lie_side_by_side_from_the_start_to_the_end(tool: str, text: str) -> None:
    parts = TOOLS[tool].parts(File("1_a.sql"), text)

    assert parts[0].start == 0
    assert parts[-1].end == len(text)
    assert all(one.end == other.start for one, other in pairwise(parts))


@pytest.mark.parametrize("tool", CUT)
@given(text=texts)
def test_every_statement_stands_where_it_is_said_to(tool: str, text: str) -> None:
    file = File("1_a.sql")
    change = change_of(file, text, TOOLS[tool].parts(file, text), down=True)

    for statement in change.script.statements:
        assert text[statement.span.start : statement.span.end] == statement.text
    assert sorted(found.span for section in change.sections for found in section.statements) == [
        statement.span for statement in change.script.statements
    ]


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ("-- migrate:up", ["dbmate"]),
        ("--migrate:up", ["dbmate"]),
        (" -- migrate:up", []),
        ("-- migrate:upward", []),
        ("-- +goose Up\r\n", ["goose"]),
        ("-- +goose StatementBegin", []),
        ("-- +migrate Up", ["sql-migrate"]),
        ("--+migrate Up", []),
        ("-- up migration", ["node-pg-migrate"]),
        ("  --- Up   Migration", ["node-pg-migrate"]),
        ("-- this migration goes up", []),
        ("SELECT 1; -- Up Migration", []),
    ],
)
def test_a_tools_comments_are_those_that_it_reads_itself(text: str, tools: list[str]) -> None:
    assert marked_by(text) == tools
