"""Every tool's folder: known by its shape, in the tool's own order, with what the tool puts around each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.folders import FOLDERS, changes_of, filled, found, linted
from zdmigrate.config_keys import SOURCES
from zdmigrate.sources.detect import TOOLS, tool_of
from zdmigrate.sources.tree import Tree

PLACES = {
    "native": "native",
    "plain": "plain",
    "flyway": "flyway",
    "golang-migrate": "golang-migrate/migrations",
    "dbmate": "dbmate",
    "goose": "goose",
    "sql-migrate": "sql-migrate",
    "node-pg-migrate": "node-pg-migrate",
    "diesel": "diesel/migrations",
    "sqlx": "sqlx/migrations",
    "prisma": "prisma",
    "django": "django/shop/migrations",
    "alembic": "alembic",
}
# each file in the tool's order, and what stands around its statements
ORDER = {
    "native": [("001_full_name.sql", ""), ("002_index.sql", ""), ("002_index.contract.sql", "")],
    "plain": [("1_create_users.sql", ""), ("2_nothing_to_do.sql", ""), ("10_drop_name.sql", "")],
    "flyway": [
        ("V1__create_users.sql", "tool"),
        ("V1_2__index_without_transaction.sql", ""),
        ("V1.10__index_and_column.sql", "tool"),
        ("V2__outside.sql", ""),
        ("later/V3__grants.sql", "tool"),
        ("R__users_view.sql", "tool"),
    ],
    "golang-migrate": [
        ("1_create_users.up.sql", ""),
        ("2_index.up.sql", ""),
        ("10_two_in_one_message.up.sql", "message"),
    ],
    "dbmate": [
        ("20240101000000_create_users.sql", "tool"),
        ("20240102000000_index.sql", ""),
        ("20240103000000_index_in_transaction.sql", "tool"),
        ("20240104000000_two_in_one_message.sql", "message"),
    ],
    "goose": [
        ("00001_create_users.sql", "tool"),
        ("00002_index.sql", ""),
        ("00003_names.go", ""),
        ("00010_index_in_transaction.sql", "tool"),
    ],
    "sql-migrate": [("1_create_users.sql", "tool"), ("2_index.sql", ""), ("10_index_in_transaction.sql", "tool")],
    "node-pg-migrate": [
        ("1700000000000_create-users.sql", "tool"),
        ("1700000000001_names.js", ""),
        ("1700000000002_index-in-transaction.sql", "tool"),
        ("1700000000003_only-up.sql", "tool"),
    ],
    "diesel": [
        ("00000000000000_diesel_initial_setup/up.sql", "tool"),
        ("2024-01-01-000000_create_users/up.sql", "tool"),
        ("2024-01-02-000000_index/up.sql", ""),
        ("2024-01-03-000000_index_in_transaction/up.sql", "tool"),
    ],
    "sqlx": [("1_create_users.up.sql", "tool"), ("2_index.up.sql", ""), ("10_index_in_transaction.up.sql", "tool")],
    "prisma": [
        ("20240101000000_create_users/migration.sql", ""),
        ("20240102000000_index/migration.sql", ""),
        ("20240103000000_two_in_one_message/migration.sql", "message"),
    ],
    "django": [("0001_initial.py", ""), ("0002_a_names.py", ""), ("0002_b_index.py", ""), ("0001_zz_late.py", "")],
    "alembic": [
        ("alembic/versions/e1_users.py", "tool"),
        ("alembic/versions/a2_index.py", ""),
        ("alembic/versions/b2_old_name.py", "tool"),
        ("alembic/versions/c3_merge.py", "tool"),
        ("alembic/versions/0d4_names.py", "tool"),
        ("alembic/versions/f5_drop.py", "tool"),
    ],
}
REFUSED = "concurrently-in-transaction"
FINDINGS = {
    "native": [],
    "plain": [("10_drop_name.sql", 2, "not-analysed"), ("10_drop_name.sql", 3, "drop-column")],
    "flyway": [("V1.10__index_and_column.sql", 2, REFUSED), ("later/V3__grants.sql", 1, "not-analysed")],
    "golang-migrate": [("10_two_in_one_message.up.sql", 4, REFUSED)],
    "dbmate": [
        ("20240103000000_index_in_transaction.sql", 2, REFUSED),
        ("20240104000000_two_in_one_message.sql", 3, REFUSED),
    ],
    "goose": [("00003_names.go", 1, "not-analysed"), ("00010_index_in_transaction.sql", 3, REFUSED)],
    "sql-migrate": [("10_index_in_transaction.sql", 2, REFUSED)],
    "node-pg-migrate": [
        ("1700000000001_names.js", 1, "not-analysed"),
        ("1700000000002_index-in-transaction.sql", 2, REFUSED),
    ],
    "diesel": [("2024-01-03-000000_index_in_transaction/up.sql", 1, REFUSED)],
    "sqlx": [("10_index_in_transaction.up.sql", 1, REFUSED)],
    "prisma": [("20240103000000_two_in_one_message/migration.sql", 2, REFUSED)],
    "django": [("0002_a_names.py", 5, "not-analysed"), ("0001_zz_late.py", 5, "drop-column")],
    "alembic": [
        ("alembic/versions/b2_old_name.py", 11, REFUSED),
        ("alembic/versions/0d4_names.py", 11, "not-analysed"),
        ("alembic/versions/f5_drop.py", 13, "drop-column"),
    ],
}
# what --down adds
UNDOING = {
    "dbmate": [("20240103000000_index_in_transaction.sql", 5)],
    "goose": [("00010_index_in_transaction.sql", 6)],
    "sql-migrate": [("2_index.sql", 6), ("10_index_in_transaction.sql", 5)],
    "node-pg-migrate": [("1700000000002_index-in-transaction.sql", 5)],
    "diesel": [("2024-01-03-000000_index_in_transaction/down.sql", 1)],
    "sqlx": [("10_index_in_transaction.down.sql", 1)],
    "alembic": [("alembic/versions/a2_index.py", 19), ("alembic/versions/b2_old_name.py", 15)],
}
# what other rules say of these files is for their own tests
LOOKED_AT = {REFUSED, "not-analysed", "drop-column", "drop-table", "drop-index-not-concurrent", "syntax-error"}


# what no shape tells has to be named
NAMED = {"single-transaction"}


@pytest.fixture(params=PLACES)
def tool(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def folder(tool: str) -> Path:
    return FOLDERS / PLACES[tool]


def test_the_tools_that_the_configuration_names_are_those_that_can_be_read() -> None:
    assert tuple(TOOLS) == SOURCES
    assert set(PLACES) | NAMED == set(SOURCES)


def test_a_tools_folder_is_known_by_its_shape(tool: str, folder: Path) -> None:
    assert tool_of(Tree(str(folder))) == tool


def test_files_come_in_the_tools_order_with_its_transactions(tool: str, folder: Path) -> None:
    around = [
        (Path(change.path).relative_to(folder).as_posix(), change.sections[0].transaction)
        for change in changes_of(folder)
    ]
    assert around == ORDER[tool]


def test_findings_are_those_of_the_way_up(tool: str, folder: Path) -> None:
    looked_at = [place for place in found(linted(folder), folder) if place[2] in LOOKED_AT]
    assert looked_at == FINDINGS[tool]


def test_what_takes_back_is_linted_when_asked_for(tool: str, folder: Path) -> None:
    added = [
        (Path(finding.path).relative_to(folder).as_posix(), finding.line)
        for finding in linted(folder, down=True).findings
        if finding.rule == "drop-index-not-concurrent" and finding.phase == "revert"
    ]
    assert added == UNDOING.get(tool, [])


def test_what_takes_back_changes_nothing_for_the_next_file(tool: str, folder: Path) -> None:
    assert found(linted(folder, down=True), folder) == found(linted(folder), folder)


@pytest.mark.parametrize("name", ["golang-migrate", "sqlx", "diesel"])
def test_an_undo_file_that_is_named_is_passed_by_without_an_error(name: str) -> None:
    undo = next((FOLDERS / PLACES[name]).rglob("*down.sql"))
    assert changes_of(undo, tool=name) == []
    assert changes_of(undo, dir=FOLDERS / PLACES[name])[-1:] != []  # the history before it, and not itself
    assert linted(undo, dir=FOLDERS / PLACES[name]).summary.files == 0


def test_markers_and_allows_work_in_any_tools_file(tmp_path: Path) -> None:
    filled(
        tmp_path,
        **{
            "1_a.sql": "-- +goose Up\nCREATE TABLE t (a int, b int);\n-- +goose Down\nDROP TABLE t;\n",
            "2_b.sql": "-- zdmigrate: contract\n-- +goose Up\nALTER TABLE t DROP COLUMN a;\n-- +goose Down\n",
            "3_c.sql": (
                "-- +goose Up\n-- zdmigrate: allow drop-column because nobody reads it\n"
                "ALTER TABLE t DROP COLUMN b;\n-- +goose Down\n"
                "-- zdmigrate: allow drop-table because it is not read\nSELECT 1;\n"
            ),
        },
    )
    assert [section.name for section in changes_of(tmp_path)[1].sections] == ["contract"]
    assert found(linted(tmp_path), tmp_path) == []


def test_a_statement_without_its_semicolon_ends_with_its_part(tmp_path: Path) -> None:
    filled(tmp_path, **{"1_a.sql": "-- migrate:up\nCREATE TABLE t (a text DEFAULT 'it\n-- migrate:down\nDROP TABLE t"})
    (change,) = changes_of(tmp_path)
    assert [statement.error is None for statement in change.script.statements] == [False]
    (with_down,) = changes_of(tmp_path, down=True)
    assert [section.name for section in with_down.sections] == ["", "revert"]
    assert with_down.sections[1].statements[0].text == "DROP TABLE t"
    assert with_down.lines.position(with_down.sections[1].statements[0].span.start) == (4, 1)


def test_flyway_leaves_out_a_baseline_that_older_files_make_needless(tmp_path: Path) -> None:
    filled(tmp_path, **{"V1__a.sql": "SELECT 1;", "V3__c.sql": "SELECT 1;", "B2__b.sql": "SELECT 2;"})
    assert [Path(change.path).name for change in changes_of(tmp_path)] == ["V1__a.sql", "V3__c.sql"]
    (tmp_path / "V1__a.sql").unlink()
    assert [Path(change.path).name for change in changes_of(tmp_path)] == ["B2__b.sql", "V3__c.sql"]


@pytest.mark.parametrize("statement", ["VACUUM t", "REINDEX SCHEMA s", "ALTER SYSTEM SET a = 1", "drop database d"])
def test_flyway_runs_what_refuses_a_transaction_without_one(tmp_path: Path, statement: str) -> None:
    filled(tmp_path, **{"V1__a.sql": f"/* why */ {statement};"})
    assert changes_of(tmp_path)[0].sections[0].transaction == ""


def test_a_transaction_that_the_tool_opened_ends_at_a_written_commit(tmp_path: Path) -> None:
    filled(tmp_path, **{"1_a.sql": "-- +goose Up\nSELECT 1;\nCOMMIT;\nVACUUM;\n-- +goose Down\n"})
    assert found(linted(tmp_path), tmp_path) == [("1_a.sql", 3, "transaction-nesting")]


def test_a_plain_folder_that_is_named_so_has_a_transaction_around_each_file() -> None:
    folder = FOLDERS / "plain"

    changes = changes_of(folder, tool="single-transaction")
    assert [change.sections[0].transaction for change in changes] == ["tool", "tool", "tool"]
    assert [Path(change.path).name for change in changes] == [name for name, _ in ORDER["plain"]]
    assert found(linted(folder, tool="single-transaction"), folder) == [
        ("10_drop_name.sql", 1, REFUSED),
        *FINDINGS["plain"],
    ]
