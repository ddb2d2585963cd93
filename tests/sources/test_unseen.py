"""What runs without being shown is named as not analysed, in its place, and never a syntax error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sources.folders import FOLDERS, changes_of, filled, linted
from zdmigrate.errors import InputError
from zdmigrate.sources.history import Source, read_history

if TYPE_CHECKING:
    from pathlib import Path


def rules_in(folder: Path, text: str) -> list[tuple[str, int, int]]:
    filled(folder, **{"V1__a.sql": text})
    return [(finding.rule, finding.line, finding.column) for finding in linted(folder).findings]


@pytest.mark.parametrize(
    "line",
    [
        *("\\i a.sql", "\\ir a.sql", "\\include a.sql", "\\include_relative a.sql", "\\! make", "\\c other"),
        *("  \\i a.sql", "\\copy t from 'a.csv'"),
    ],
)
def test_a_line_that_pulls_in_what_is_not_seen_is_not_analysed(tmp_path: Path, line: str) -> None:
    column = len(line) - len(line.lstrip()) + 1
    assert rules_in(tmp_path, f"SELECT 1;\n{line}\nSELECT 2;") == [("not-analysed", 2, column)]


@pytest.mark.parametrize("line", ["\\set a 1", "\\echo i", "\\if true", "\\connect_info", "\\q", "\\timing"])
def test_other_lines_for_psql_pull_in_nothing(tmp_path: Path, line: str) -> None:
    assert rules_in(tmp_path, f"SELECT 1;\n{line}\nSELECT 2;") == []


def test_a_query_whose_rows_are_run_is_not_analysed(tmp_path: Path) -> None:
    assert rules_in(tmp_path, "SELECT 'DROP TABLE t' \\gexec\n") == [("not-analysed", 1, 23)]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE ${schema}.t (a int DEFAULT ${zero});",
        "GRANT SELECT ON ${schema}.t TO ${reader}, {{ writer }};",
        'CREATE TABLE "${schema}"."t" (a text DEFAULT \'${word}\');',
        "{% if big %}\nCREATE TABLE t (a int);\n{% endif %}",
    ],
)
def test_a_placeholder_for_a_name_or_a_value_is_read(tmp_path: Path, text: str) -> None:
    assert rules_in(tmp_path, text) == []


@pytest.mark.parametrize("text", ["${grants};", "CREATE TABLE t (${columns});", "ALTER TABLE t {{ actions }};"])
def test_a_placeholder_for_more_than_that_is_not_analysed(tmp_path: Path, text: str) -> None:
    assert rules_in(tmp_path, f"SELECT 1;\n{text}") == [("not-analysed", 2, 1)]


def test_a_mistake_without_a_placeholder_stays_a_mistake(tmp_path: Path) -> None:
    assert [rule for rule, *_ in rules_in(tmp_path, "CREATE TABEL t (a int);\nSELECT ${one};")] == ["syntax-error"]


def test_the_command_that_prints_sql_is_asked_for_app_and_migration(tmp_path: Path) -> None:
    command = ("echo", "SELECT '{migration} of {app}';")
    changes, _ = read_history([str(FOLDERS / "django/shop/migrations")], "nowhere", Source(command=command))
    assert next(iter(changes)).text == "SELECT '0001_initial of shop';\n"


def test_without_such_a_command_the_way_to_one_is_told() -> None:
    with pytest.raises(InputError, match=r"0001_initial\.py:1: is no SQL, and no command is known") as caught:
        list(read_history([str(FOLDERS / "django/shop/migrations")], "nowhere")[0])
    assert "source_command" in caught.value.hint


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("/nowhere/manage.py",), "/nowhere/manage.py cannot be run: No such file or directory"),
        (("sh", "-c", "echo no such app >&2; exit 3"), "ended with 3: no such app"),
        (("false",), "ended with 1: it says nothing"),
    ],
)
def test_a_command_that_fails_is_told_with_its_last_words(command: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        list(read_history([str(FOLDERS / "django/shop/migrations")], "nowhere", Source(command=command))[0])


def test_what_takes_back_has_no_say_in_what_is_not_seen(tmp_path: Path) -> None:
    filled(tmp_path, **{"1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n\\i down.sql\n"})
    assert linted(tmp_path).findings == ()
    assert len(changes_of(tmp_path, down=True)[0].script.statements) == 2
