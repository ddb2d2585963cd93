"""``new`` writes the next change file, and never over one that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_lint.command import zdmigrate
from zdmigrate.cli.new import next_number
from zdmigrate.sources.change import read_change


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("ids", "number"),
    [
        ([], "001"),
        (["001_a", "002_b"], "003"),
        (["9_a"], "10"),
        (["0099_a"], "0100"),
        (["V7__a"], "V8"),
        (["create_users"], "001"),
    ],
)
def test_the_next_number_keeps_the_width_and_the_letters(ids: list[str], number: str) -> None:
    assert next_number(ids) == number


def test_the_file_is_named_after_its_number_and_its_words() -> None:
    assert zdmigrate("new", "Rename users.name!") == (0, "migrations/001_rename_users_name.sql\n", "")
    assert zdmigrate("new", "second").out == "migrations/002_second.sql\n"


def test_the_folder_is_that_of_the_option() -> None:
    assert zdmigrate("new", "first", "--dir", "db/changes").out == "db/changes/001_first.sql\n"


def test_a_name_without_a_letter_is_refused() -> None:
    told = zdmigrate("new", "!!")
    assert told.code == 2
    assert "has no letter or digit" in told.err
    assert not Path("migrations").exists()


def test_a_file_that_is_there_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zdmigrate.cli.new.next_number", lambda _: "001")
    zdmigrate("new", "first")
    Path("migrations/001_first.sql").write_text("mine")
    told = zdmigrate("new", "first")
    assert told.code == 2
    assert "is there already" in told.err
    assert Path("migrations/001_first.sql").read_text() == "mine"


def test_the_sections_stand_in_order_and_psql_stops_above_contract() -> None:
    path = Path(zdmigrate("new", "first").out.strip())
    text = path.read_text()
    change = read_change(path, text.replace("\n\n\n", "\nSELECT 1;\n\n"))
    assert [section.name for section in change.sections] == ["expand", "backfill", "contract", "revert"]
    assert text.index("backfill\n") < text.index("\n\\quit\n") < text.index("-- zdmigrate: contract\n")
