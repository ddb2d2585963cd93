"""What a file does to a column beside copying it is done to the copy, or refused: the old column takes it along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.test_refusals import rewritten

if TYPE_CHECKING:
    from pathlib import Path

TYPE = "ALTER TABLE loans ALTER days TYPE bigint;"
RENAME = "ALTER TABLE loans RENAME days TO length;"
REMADE = "DROP INDEX loans_by_book; CREATE INDEX loans_by_book ON loans (book, days);"
ANSWERS = ("--as", "days_8", "--fallback", "0")
LOST = {
    "another type again": (f"{TYPE} ALTER TABLE loans ALTER days TYPE numeric;", "on days_8"),
    "a foreign key to another type": (
        "ALTER TABLE members ALTER id TYPE bigint; ALTER TABLE loans ADD FOREIGN KEY (days) REFERENCES members (id);",
        "on days_8",
    ),
    "a foreign key to a key of another type": (
        "ALTER TABLE members ALTER id TYPE bigint; ALTER TABLE loans ADD FOREIGN KEY (days) REFERENCES members;",
        "on days_8",
    ),
    "a drop of another type": ("ALTER TABLE loans ALTER days TYPE bigint, ALTER days DROP NOT NULL;", "on days_8"),
    "rows of another type": (f"{TYPE} UPDATE loans SET days = 3 WHERE days IS NULL;", "on days_8"),
    "a comment above a rename": (f"COMMENT ON COLUMN loans.days IS 'x'; {RENAME}", "behind it, or before"),
    "NOT NULL above a rename": (f"ALTER TABLE loans ALTER days SET NOT NULL; {RENAME}", "behind it, or before"),
    "a CHECK that goes": (
        "ALTER TABLE books DROP CONSTRAINT some_copies; ALTER TABLE books RENAME copies TO number;",
        "before this one",
    ),
    "an index that is renamed": (
        "ALTER TABLE loans RENAME book TO volume; ALTER INDEX loans_by_book RENAME TO loans_by_volume;",
        "before this one",
    ),
    "an index that is made anew": (f"{REMADE} ALTER TABLE loans RENAME book TO volume;", "behind it, or before"),
}


@pytest.mark.parametrize(("naive", "hint"), LOST.values(), ids=LOST)
def test_what_the_copy_would_not_have_is_refused(tmp_path: Path, naive: str, hint: str) -> None:
    options: tuple[str, ...] = ANSWERS if "TYPE" in naive else ()
    if "members" in naive:
        options = (*ANSWERS, "--allow", "twin-unique-upsert=no")
    code, told, left = rewritten(tmp_path, "", naive, *options)
    assert code == 2, told
    assert hint in told.partition("next: ")[2]
    assert left == naive


@pytest.mark.parametrize("change", ["ALTER TABLE lendings ADD x int;", "CREATE INDEX i ON lendings (days);"])
def test_a_table_behind_its_new_name_is_a_view_and_takes_no_change(tmp_path: Path, change: str) -> None:
    code, told, _ = rewritten(tmp_path, "", f"ALTER TABLE loans RENAME TO lendings; {change}")
    assert code == 2
    assert "public.lendings is a view until contract" in told
    assert "on public.loans" in told
    code, told, _ = rewritten(tmp_path, "", f"{change.replace('lendings', 'loans')} ALTER TABLE loans RENAME TO b;")
    assert code == 0, told


def test_a_default_behind_a_rename_waits_for_contract_or_it_would_hide_what_old_versions_write(tmp_path: Path) -> None:
    code, told, left = rewritten(tmp_path, "", f"{RENAME} ALTER TABLE loans ALTER length SET DEFAULT 3;")
    assert code == 0, told
    before, _, contract = left.partition("-- zdmigrate: contract")
    assert "SET DEFAULT" not in before
    assert contract.index("DROP TRIGGER") < contract.index("SET DEFAULT 3")


def test_a_rename_behind_a_change_of_type_names_the_copy_and_contradicts_no_other_name(tmp_path: Path) -> None:
    naive = f"{TYPE} {RENAME}"
    code, told, _ = rewritten(tmp_path, "", naive, *ANSWERS)
    assert code == 2
    assert "loans.days becomes length below, and --as says days_8" in told
    code, told, left = rewritten(tmp_path, "", naive, "--fallback", "0")
    assert code == 0, told
    assert left.count("ADD COLUMN length bigint") == left.count("ADD COLUMN") == 1


def test_an_order_that_only_postgresql_sees_is_kept_and_a_line_is_where_it_was(tmp_path: Path) -> None:
    naive = "ALTER TABLE loans\n  ALTER days SET NOT NULL,\n  ALTER days TYPE bigint;\n\nVACUUM FULL loans;"
    code, told, _ = rewritten(tmp_path, "", naive, *ANSWERS)
    assert code == 2
    assert "002_naive.sql:5: VACUUM FULL" in told


def test_a_view_that_is_dropped_and_made_again_over_another_type_gets_another_name(tmp_path: Path) -> None:
    view = "CREATE VIEW lent AS SELECT book, days FROM loans;"
    code, told, _ = rewritten(tmp_path, view, f"DROP VIEW lent; {TYPE} {view}", *ANSWERS)
    assert code == 2
    assert "prepared queries of every version fail" in told
    code, told, left = rewritten(tmp_path, view, f"DROP VIEW lent; {TYPE} {view.replace('lent', 'lent_2')}", *ANSWERS)
    assert code == 0, told
    assert "CREATE VIEW lent_2 AS SELECT book, days_8 AS days FROM loans" in left
