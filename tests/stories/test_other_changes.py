"""Changes of other kinds, and several of them at once, under the same promise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.stories.changes import DROP_COLUMN, DROP_TABLE, INDEX, NOT_NULL, RENAME, SAME
from tests.stories.harness import Story, columns_of, table_exists

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.stories.harness import Change

    Tell = Callable[..., Story]


def from_expand_to_contract(tell: Tell, change: Change) -> Story:
    story = tell(change)
    story.before()
    story.expand()
    story.during()
    story.drain(story.old_app)
    story.contract()
    story.after_contract()
    return story


def test_a_column_becomes_not_null_without_a_scan_under_a_strong_lock(tell: Tell) -> None:
    story = from_expand_to_contract(tell, NOT_NULL)
    query = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'name'"
    assert story.database.execute(query) == [(True,)]


def test_not_null_is_taken_back_before_the_contract(tell: Tell) -> None:
    story = tell(NOT_NULL)
    story.before()
    story.expand()
    story.run("revert", "001_name_nn")
    story.after_revert()
    assert story.database.execute("SELECT 1 FROM pg_constraint WHERE conname = 'users_name_nn'") == []


def test_an_index_is_built_and_dropped_while_the_app_writes(tell: Tell) -> None:
    story = tell(INDEX)
    story.before()
    story.expand()
    story.old_app.works_on()
    assert story.database.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_by_name'::regclass")
    story.run("revert", "001_by_name")
    story.after_revert()
    assert not table_exists(story.database, "users_by_name")


def test_a_column_is_dropped_when_nobody_names_it_any_more(tell: Tell) -> None:
    assert "visits" not in columns_of(from_expand_to_contract(tell, DROP_COLUMN).database, "users")


def test_a_table_with_a_foreign_key_is_dropped_under_the_readers_of_the_other_table(tell: Tell) -> None:
    assert not table_exists(from_expand_to_contract(tell, DROP_TABLE).database, "orders")


def test_several_changes_are_open_at_once_and_contracted_one_after_the_other(tell: Tell) -> None:
    """v2 brings two changes, v3 a third; each waits for its own gate."""
    second = "-- zdmigrate: expand\nALTER TABLE orders ADD COLUMN note text;\n"
    third = "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN visits;\n"
    story = tell(replace(RENAME, files={**RENAME.files, "002_note.sql": second}))
    story.before()
    story.expand()
    story.during()
    (story.folder / "003_no_visits.sql").write_text(third)
    story.run("apply", "--phase", "expand", "--release", "v3")
    told = story.contract(code=3).text
    assert "001_full_name" in told
    assert "003_no_visits" in told
    story.drain(story.old_app)
    story.contract(code=3)  # 001 is due now; v2 still touches users.visits
    assert columns_of(story.database, "users") == ["id", "email", "visits", "created_at", "full_name"]
    story.new_app.works_on()
    new = replace(story.change.new, name="v3", touch="UPDATE users SET email = email WHERE id = %s")
    newest = story.start(new, 2)
    story.drain(story.new_app)
    story.contract()
    newest.works_on()
    story.no_write_is_lost(new)
    assert "visits" not in columns_of(story.database, "users")


def test_a_file_that_sorts_before_an_applied_one_runs_in_its_turn_with_a_note(tell: Tell) -> None:
    story = tell(replace(INDEX, new=SAME))
    story.before()
    (story.folder / "010_note.sql").write_text("-- zdmigrate: expand\nALTER TABLE orders ADD COLUMN note text;\n")
    story.expand()
    (story.folder / "002_late.sql").write_text("-- zdmigrate: expand\nALTER TABLE orders ADD COLUMN late text;\n")
    told = story.run("apply", "--phase", "expand", "--release", "v3").text
    assert "002_late" in told
    assert "sorts before 010_note" in told
    assert {"note", "late"} <= set(columns_of(story.database, "orders"))


def test_a_late_file_is_refused_where_the_configuration_says_so(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_OUT_OF_ORDER", "refuse")
    story = tell(INDEX)
    story.before()
    story.expand()
    (story.folder / "000_late.sql").write_text("-- zdmigrate: expand\nALTER TABLE orders ADD COLUMN late text;\n")
    refused = story.run("apply", "--phase", "expand", "--release", "v3", code=2)
    assert "000_late sorts before 001_by_name" in refused.err
    assert "late" not in columns_of(story.database, "orders")
