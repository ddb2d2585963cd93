"""The rename of users.name, while versions that know either name write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.changes import PARTITIONS, RENAME, rename_without_index
from tests.stories.harness import Story, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[..., Story]


@pytest.mark.matrix
def test_a_rename_goes_from_expand_to_contract_while_both_versions_write(tell_on_every_major: Tell) -> None:
    story = tell_on_every_major(RENAME)
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


@pytest.mark.matrix
def test_a_rename_is_reverted_while_the_old_version_writes(tell_on_every_major: Tell) -> None:
    story = tell_on_every_major(RENAME)
    story.before()
    story.expand()
    story.during()
    story.run("revert", "001_full_name", code=3)
    story.drain(story.new_app)
    story.run("revert", "001_full_name")
    story.after_revert()
    assert "full_name" not in columns_of(story.database, "users")


def test_a_reverted_rename_is_expanded_again_and_contracted(tell: Tell) -> None:
    story = tell(RENAME)
    story.before()
    story.expand()
    story.run("revert", "001_full_name")
    story.old_app.works_on()
    story.expand(code=2)
    assert "full_name" not in columns_of(story.database, "users"), "a reverted change waits for --again"
    story.expand("--again")
    story.during()
    story.drain(story.old_app)
    story.contract()
    story.after_contract()


@pytest.mark.matrix
def test_a_partitioned_table_is_backfilled_in_all_its_partitions(tell_on_every_major: Tell) -> None:
    story = tell_on_every_major(rename_without_index(), PARTITIONS)
    story.before()
    story.expand()
    story.during()
    story.drain(story.old_app)
    story.contract()
    story.after_contract()
