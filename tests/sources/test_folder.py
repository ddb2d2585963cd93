"""Folders of change files: order, ids, and parts in files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from zdmigrate.errors import InputError
from zdmigrate.sources.folder import change_files, read_folder
from zdmigrate.sources.history import read_history


def filled(folder: Path, *names: str, **texts: str) -> Path:
    for name in names:
        (folder / name).write_text(texts.get(name, "SELECT 1;"))
    return folder


def names(paths: tuple[str, ...]) -> list[str]:
    return [Path(path).name for path in paths]


def refusal(folder: Path) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read_folder(folder)
    return caught.value.sentence.removeprefix(f"{folder}/"), caught.value.hint


def test_numbers_in_names_are_compared_as_numbers(tmp_path: Path) -> None:
    filled(tmp_path, "10_j.sql", "9_i.sql", "V2__b.sql", "V1.10__c.sql", "V1.9__b.sql", "9.sql", "a.sql", "a1.sql")
    assert names(change_files(tmp_path)) == [
        *("9.sql", "9_i.sql", "10_j.sql"),
        *("V1.9__b.sql", "V1.10__c.sql", "V2__b.sql"),
        *("a.sql", "a1.sql"),
    ]


def test_only_sql_files_at_the_top_that_are_not_hidden_are_changes(tmp_path: Path) -> None:
    filled(tmp_path, "001_a.sql", ".hidden.sql", "README.md", "002_b.SQL")
    (tmp_path / "seeds.sql").mkdir()
    filled(tmp_path / "seeds.sql", "003_c.sql")
    assert names(change_files(tmp_path)) == ["001_a.sql", "002_b.SQL"]


def test_a_contract_and_a_revert_in_files_of_their_own_join_their_change(tmp_path: Path) -> None:
    filled(tmp_path, "001_a.sql", "001_a.revert.sql", "001_a.contract.sql", "002_b.sql")
    first, second = read_folder(tmp_path)
    assert [(section.name, Path(section.path).name) for section in first.sections] == [
        ("", "001_a.sql"),
        ("contract", "001_a.contract.sql"),
        ("revert", "001_a.revert.sql"),
    ]
    assert second.id == "002_b"


def test_a_contract_of_its_own_comes_before_the_revert_of_the_change_itself(tmp_path: Path) -> None:
    filled(tmp_path, "001_a.contract.sql")
    (tmp_path / "001_a.sql").write_text("-- zdmigrate: expand\nSELECT 1;\n-- zdmigrate: revert\nSELECT 2;")
    (change,) = read_folder(tmp_path)
    assert [section.name for section in change.sections] == ["expand", "contract", "revert"]


def test_two_contracts_of_one_change_are_refused(tmp_path: Path) -> None:
    filled(tmp_path, "001_a.contract.sql")
    (tmp_path / "001_a.sql").write_text("-- zdmigrate: contract\nSELECT 1;")
    assert refusal(tmp_path)[0].startswith("001_a.contract.sql:1: a second contract; ")


def test_a_contract_without_its_change_is_refused_with_the_nearest(tmp_path: Path) -> None:
    filled(tmp_path, "001_users.sql", "001_user.contract.sql")
    sentence, hint = refusal(tmp_path)
    assert sentence == "001_user.contract.sql:1: a contract without its change 001_user.sql"
    assert hint == "did you mean 001_users.contract.sql?"


@pytest.mark.parametrize("twin", ["001_A.sql", "1_a.sql", "001_a.SQL"])
def test_ids_that_people_or_discs_mix_up_are_duplicates(tmp_path: Path, twin: str) -> None:
    filled(tmp_path, "001_a.sql", twin)
    assert "the same id as" in refusal(tmp_path)[0]


def test_a_missing_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_folder(tmp_path / "absent")
    assert caught.value.sentence == f"{tmp_path}/absent: this folder cannot be read: No such file or directory"
    assert "--dir" in caught.value.hint


def test_a_dangling_link_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").symlink_to("absent")
    assert refusal(tmp_path)[0] == "001_a.sql:1: cannot be read: No such file or directory"


# --------------------------------------------------------------------------- what a command line names


def test_single_files_come_after_what_sorts_before_them(tmp_path: Path) -> None:
    filled(tmp_path, "001_a.sql", "002_b.sql", "003_c.sql", "010_j.sql")
    changes, reported = read_history([f"{tmp_path}/010_j.sql", f"{tmp_path}/002_b.sql"], str(tmp_path))
    assert [change.id for change in changes] == ["001_a", "002_b", "003_c", "010_j"]
    assert reported == {f"{tmp_path}/010_j.sql", f"{tmp_path}/002_b.sql"}


def test_a_file_of_the_folder_is_itself_by_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, "001_a.sql", "002_b.sql")
    monkeypatch.chdir(tmp_path)
    changes, reported = read_history(["./002_b.sql"], str(tmp_path))
    assert [change.id for change in changes] == ["001_a", "002_b"]
    assert reported == {"./002_b.sql"}


def test_a_folder_is_all_of_its_files(tmp_path: Path) -> None:
    filled(tmp_path, "001_a.sql", "002_b.sql")
    changes, reported = read_history([str(tmp_path)], "elsewhere")
    assert len(list(changes)) == len(reported) == 2


def test_a_single_file_without_the_folder_has_no_history(tmp_path: Path) -> None:
    filled(tmp_path, "002_b.sql")
    changes, _ = read_history([f"{tmp_path}/002_b.sql"], str(tmp_path / "absent"))
    assert [change.id for change in changes] == ["002_b"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no change file in this folder"):
        read_history([str(tmp_path)], str(tmp_path))
