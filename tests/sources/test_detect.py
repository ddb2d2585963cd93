"""Whose folder it is: doubtful ones are named as such, files elsewhere tell by themselves, a name wins."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.sources.folders import FOLDERS, changes_of, filled, linted
from zdmigrate.errors import InputError
from zdmigrate.sources.detect import tool_of
from zdmigrate.sources.history import read_history
from zdmigrate.sources.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

UP_DOWN = {"1_a.up.sql": "SELECT 1;", "1_a.down.sql": "SELECT 1;"}


def refusal(folder: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        tool_of(Tree(str(folder)))
    return caught.value


def test_up_and_down_files_without_a_project_beside_could_be_two_tools(tmp_path: Path) -> None:
    error = refusal(filled(tmp_path, **UP_DOWN))
    assert error.sentence == f"{tmp_path}: this folder could be golang-migrate or sqlx"
    assert error.hint == 'say which with --source, or with source = "…" in the configuration'


@pytest.mark.parametrize(("project", "tool"), [("go.mod", "golang-migrate"), ("Cargo.toml", "sqlx")])
def test_the_nearest_project_file_says_which(tmp_path: Path, project: str, tool: str) -> None:
    filled(tmp_path, **{"go.mod": "", "Cargo.toml": "", f"service/{project}": ""})
    folder = filled(tmp_path / "service" / "db", **UP_DOWN)
    assert tool_of(Tree(str(folder))) == tool


def test_a_project_file_outside_of_the_repository_says_nothing(tmp_path: Path) -> None:
    filled(tmp_path, **{"go.mod": "", "repository/.git": ""})
    assert "golang-migrate or sqlx" in refusal(filled(tmp_path / "repository" / "db", **UP_DOWN)).sentence


def test_numbered_files_are_sqlxs_where_its_project_names_it(tmp_path: Path) -> None:
    folder = filled(tmp_path / "migrations", **{"1_a.sql": "SELECT 1;"})
    assert tool_of(Tree(str(folder))) == "plain"
    (tmp_path / "Cargo.toml").write_text('sqlx = "0.8"')
    assert tool_of(Tree(str(folder))) == "sqlx"


def test_a_folder_with_the_marks_of_two_tools_is_neithers(tmp_path: Path) -> None:
    filled(tmp_path, **{"1_a.sql": "-- +goose Up\nSELECT 1;", "2_b.sql": "-- migrate:up\nSELECT 1;"})
    assert refusal(tmp_path).sentence.endswith("could be dbmate or goose")


def test_another_tools_file_in_a_plain_folder_is_not_read_from_top_to_bottom(tmp_path: Path) -> None:
    filled(tmp_path, **{f"{number}_a.sql": "SELECT 1;" for number in range(9)})
    filled(tmp_path, **{"2_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE t;"})
    with pytest.raises(InputError, match=r"2_a\.sql:1: has comments of goose") as caught:
        changes_of(tmp_path)
    assert caught.value.hint == "say --source goose"


def test_a_tool_that_is_named_is_not_doubted(tmp_path: Path) -> None:
    filled(tmp_path, **UP_DOWN)
    assert len(changes_of(tmp_path, tool="golang-migrate")) == 1
    assert len(changes_of(tmp_path, tool="plain")) == 2


def test_a_folder_that_is_named_twice_is_read_once() -> None:
    assert len(changes_of(FOLDERS / "dbmate", FOLDERS / "dbmate")) == 4


# --------------------------------------------------------------------------- single files


def test_a_single_file_has_what_its_tool_runs_before_it_as_history() -> None:
    folder = FOLDERS / "flyway"
    changes, reported = read_history([str(folder / "V1.10__index_and_column.sql")], str(folder))
    assert [change.id for change in changes] == [
        *("V1__create_users", "V1_2__index_without_transaction", "V1.10__index_and_column")
    ]
    assert reported == {str(folder / "V1.10__index_and_column.sql")}


@pytest.mark.parametrize(
    ("path", "around"),
    [
        ("prisma/20240103000000_two_in_one_message/migration.sql", "message"),
        ("diesel/migrations/2024-01-02-000000_index/up.sql", ""),
        ("diesel/migrations/2024-01-03-000000_index_in_transaction/up.sql", "tool"),
        ("sqlx/migrations/10_index_in_transaction.up.sql", "tool"),
        ("flyway/V2__outside.sql", ""),
        ("flyway/afterMigrate.sql", ""),
        ("goose/00010_index_in_transaction.sql", "tool"),
    ],
)
def test_a_file_from_elsewhere_says_itself_whose_it_is(path: str, around: str) -> None:
    (change,) = changes_of(FOLDERS / path)
    assert change.path == str(FOLDERS / path)
    assert change.sections[0].transaction == around


@pytest.mark.parametrize("typed", ["up.sql", "./up.sql", "..//2024-01-03-000000_index_in_transaction/up.sql"])
def test_a_file_is_reported_under_the_path_that_was_typed(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.chdir(FOLDERS / "diesel/migrations/2024-01-03-000000_index_in_transaction")
    assert [(finding.path, finding.rule) for finding in linted(typed).findings] == [
        (typed, "concurrently-in-transaction")
    ]


def test_files_from_elsewhere_come_in_their_tools_order() -> None:
    names = ("V1.10__index_and_column.sql", "R__users_view.sql", "V1__create_users.sql", "V2__outside.sql")
    changes = changes_of(*(FOLDERS / "flyway" / name for name in names))
    assert [change.id[:3] for change in changes] == ["V1_", "V1.", "V2_", "R__"]


def test_folders_of_one_root_come_in_their_tools_order() -> None:
    names = ("20240103000000_two_in_one_message", "20240101000000_create_users", "20240102000000_index")
    changes = changes_of(*(FOLDERS / "prisma" / name / "migration.sql" for name in names))
    assert [change.path.split("/")[-2] for change in changes] == sorted(names)


def test_standard_input_is_read_as_the_folders_tool_would(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "ALTER TABLE users ADD COLUMN a int;\nVACUUM users;")
    *_, change = changes_of("-", dir=FOLDERS / "prisma")
    assert change.sections[0].transaction == "message"


def test_standard_input_tells_its_tool_by_its_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "-- migrate:up\nVACUUM users;\n-- migrate:down\nDROP TABLE users;")
    result = linted("-")
    assert [finding.rule for finding in result.findings] == ["concurrently-in-transaction"]


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


# --------------------------------------------------------------------------- empty files


def test_an_empty_file_is_refused_only_where_it_is_asked_about_and_says_nothing(tmp_path: Path) -> None:
    filled(tmp_path, **{"1_a.sql": "", "2_b.sql": "-- done by hand", "3_c.sql": "SELECT 1;"})
    assert len(changes_of(tmp_path / "3_c.sql", dir=tmp_path)) == 3
    assert linted(tmp_path / "2_b.sql", dir=tmp_path).summary.statements == 0
    with pytest.raises(InputError, match=r"1_a\.sql:1: no statement in this file"):
        changes_of(tmp_path)


def test_an_empty_file_of_another_tool_is_no_error(tmp_path: Path) -> None:
    filled(tmp_path, **{"V1__a.sql": "", "V2__b.sql": "SELECT 1;"})
    assert linted(tmp_path).summary.files == 2
