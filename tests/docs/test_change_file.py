"""What the page of the change file shows is what the program reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, blocks, tables
from zdmigrate.cli.main import run
from zdmigrate.errors import InputError
from zdmigrate.plan.build import build_plan
from zdmigrate.schema.catalog import Catalog
from zdmigrate.sources.change import Change, read_change
from zdmigrate.sources.markers import SECTIONS

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "change-file.md"
SHOWN = [block.text for block in blocks(PAGE) if block.language == "sql"]
MARKERS = [row[0].strip("`") for row in tables(PAGE) if row[0].startswith("`-- zdmigrate:")]

# What a row of "What may not stand in a change" means, as SQL.
REFUSED = {
    "ROLLBACK": "BEGIN; ROLLBACK;",
    "PREPARE TRANSACTION": "BEGIN; SELECT 1; PREPARE TRANSACTION 'p';",
    "COPY … FROM": "COPY users FROM '/tmp/users';",
    "CREATE TEMPORARY TABLE": "CREATE TEMPORARY TABLE t (a int);",
    "PREPARE": "PREPARE p AS SELECT 1;",
    "LISTEN": "LISTEN c;",
    "DISCARD": "DISCARD ALL;",
    "DECLARE": "DECLARE c CURSOR FOR SELECT 1;",
    "\\copy": "\\copy users from 'users.csv'\nSELECT 1;",
    "BEGIN": "BEGIN; SELECT 1;",
    "COMMIT": "COMMIT;",
}


def plan(change: Change) -> None:
    for phase in ("expand", "contract", "revert"):
        build_plan(change, phase, app="shop", catalog=Catalog(), major=18, type_of=lambda _table, _column: "text")


@pytest.mark.parametrize("text", SHOWN, ids=range(len(SHOWN)))
def test_every_file_on_the_page_can_be_planned(text: str) -> None:
    plan(read_change("002_full_name.sql", text))


@pytest.mark.parametrize("marker", MARKERS)
def test_every_marker_on_the_page_is_read(marker: str) -> None:
    place = "-- zdmigrate: expand\n" if "allow" in marker else ""

    read_change("001_a.sql", f"{place}{marker}\nSELECT 1;")


def test_every_section_is_on_the_page() -> None:
    assert set(SECTIONS) <= {row[0].strip("`") for row in tables(PAGE)}


@pytest.mark.parametrize("named", REFUSED)
def test_what_the_page_says_may_not_stand_in_a_change_is_refused(named: str) -> None:
    [row] = [row for row in tables(PAGE) if f"`{named}`" in row[0] and len(row) == 2][:1]

    with pytest.raises(InputError):
        plan(read_change("001_a.sql", REFUSED[named]))
    assert row[1]


def test_what_the_page_says_of_backfills_is_refused() -> None:
    for statement in (
        "UPDATE users SET visits = visits + 1;",
        "UPDATE users SET a = b RETURNING a;",
        "INSERT INTO totals SELECT user_id, count(*) FROM orders GROUP BY user_id ON CONFLICT DO NOTHING;",
        "INSERT INTO totals SELECT id FROM users;",
    ):
        with pytest.raises(InputError):
            plan(read_change("001_a.sql", f"-- zdmigrate: backfill\n{statement}"))


def test_the_allow_on_the_page_silences_its_rule_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [text] = [text for text in SHOWN if "allow create-index" in text]
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_a.sql").write_text(text)
    monkeypatch.chdir(tmp_path)

    assert run(["lint"]) == 0
