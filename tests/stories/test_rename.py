"""The rename of users.name, while versions that know either name write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.apps import users_version
from tests.stories.harness import Change, Story, columns_of, fixture_files, shop_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database

RENAME = Change(
    files=fixture_files("rename_column"),
    old=users_version("v1", "name"),
    new=users_version("v2", "full_name"),
    agree="SELECT count(*) FROM users WHERE name IS DISTINCT FROM full_name",
)


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story(database, shop_schema(), RENAME, tmp_path) as told:
        yield told


def test_a_rename_goes_from_expand_to_contract_while_both_versions_write(story: Story) -> None:
    story.before()
    story.expand()
    story.during()
    refused = story.contract(code=3)
    assert "v1" in refused.out, "the gate says who is in the way"
    story.everybody_works_on()
    story.drain(story.old_app)
    story.both_sides_agree()
    story.contract()
    story.after_contract()
    assert "name" not in columns_of(story.database, "users")


def test_a_rename_is_reverted_while_the_old_version_writes(story: Story) -> None:
    story.before()
    story.expand()
    story.during()
    story.run("revert", "001_full_name", code=3)
    story.drain(story.new_app)
    story.run("revert", "001_full_name")
    story.after_revert()
    assert "full_name" not in columns_of(story.database, "users")


def test_a_reverted_rename_is_expanded_again_and_contracted(story: Story) -> None:
    story.before()
    story.expand()
    story.run("revert", "001_full_name")
    story.old_app.works_on()
    story.expand()
    assert "full_name" not in columns_of(story.database, "users"), "a reverted change waits for --again"
    story.expand("--again")
    story.during()
    story.drain(story.old_app)
    story.contract()
    story.after_contract()
