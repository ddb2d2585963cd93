"""Where another tool opens the transaction, the help says how its users turn that off, and that is enough."""

from __future__ import annotations

import pytest

from zdmigrate.config import Config
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.lint.without_transaction import how_to_run_alone
from zdmigrate.sources.detect import TOOLS
from zdmigrate.sources.part import File
from zdmigrate.sources.tool_change import change_of

INDEX = "create index concurrently i on t (x);"
BOTH = f"alter table t add x int;\n{INDEX}\n"
# the tool, what its files begin with, what the help says, and what a file then begins with that holds the index alone
SWITCHES = [
    ("flyway", "", "executeInTransaction=false", ""),
    ("golang-migrate", "", "no other statement", ""),
    ("prisma", "", "no other statement", ""),
    ("dbmate", "-- migrate:up\n", "-- migrate:up transaction:false", "-- migrate:up transaction:false\n"),
    ("goose", "-- +goose Up\n", "-- +goose NO TRANSACTION", "-- +goose NO TRANSACTION\n-- +goose Up\n"),
    ("sql-migrate", "-- +migrate Up\n", "-- +migrate Up notransaction", "-- +migrate Up notransaction\n"),
    ("sqlx", "", "-- no-transaction", "-- no-transaction\n"),
    ("diesel", "", "run_in_transaction = false", None),
    ("node-pg-migrate", "-- Up Migration\n", "pgm.noTransaction();", None),
    ("single-transaction", "", "psql without --single-transaction", None),
]


def helps(tool: str, text: str) -> list[str]:
    """What is said of CONCURRENTLY in a file of the tool's."""
    file = File("1__i.sql")
    change = change_of(file, text, TOOLS[tool].parts(file, text), down=False).changed(tool=tool)
    findings = lint_changes([change], Config(), load_rules()).findings
    return [found.message + found.help for found in findings if found.rule == "concurrently-in-transaction"]


@pytest.mark.parametrize(("tool", "heading", "switch", "without"), SWITCHES, ids=[tool for tool, *_ in SWITCHES])
def test_the_help_names_the_tools_own_switch(tool: str, heading: str, switch: str, without: str | None) -> None:
    (told,) = helps(tool, heading + BOTH)
    assert tool in told
    assert switch in told
    if without is not None:
        assert helps(tool, without + INDEX) == []


@pytest.mark.parametrize(("tool", "switch"), [(tool, switch) for tool, _, switch, _ in SWITCHES])
def test_a_fix_that_is_refused_names_the_same_switch(tool: str, switch: str) -> None:
    *_, word = switch.rstrip(";").split()
    assert word in how_to_run_alone(tool)


def test_every_tool_that_opens_a_transaction_has_its_help() -> None:
    # the first two open none; what Django prints has its BEGIN in the text, and Alembic's file is none of SQL
    apart = {"native", "plain", "django", "alembic"}
    assert TOOLS.keys() - apart == {tool for tool, *_ in SWITCHES}
