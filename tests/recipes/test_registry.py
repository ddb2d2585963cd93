"""The folder of recipes is their list, and rules name what is in it."""

from __future__ import annotations

from collections import Counter

import pytest

from zdmigrate.lint.rules import load_rules
from zdmigrate.recipes.parts import registry
from zdmigrate.recipes.parts.groups import ConvertColumns
from zdmigrate.schema import operations

KINDS = {
    each.kind for each in vars(operations).values() if isinstance(each, type) and issubclass(each, operations.Operation)
} | {ConvertColumns.kind}
# What no rule finds, because it is safe as it is, or what is refused with a reason of its own.
WITHOUT_RULE = {
    "add_not_null",
    "rename_constraint",
    "split_or_merge",
    "as_it_is",
    "attach_index_partition",
    "create_function",
    "create_policy",
    "create_trigger",
    "create_view",
    "drop_not_null",
    "no_way",
    "publish_table",
    "rename_index",
    "rename_view",
    "select",
    "set_default",
}


@pytest.mark.parametrize("name", registry.names())
def test_a_recipe_takes_operations_that_there_are(name: str) -> None:
    recipe = registry.load(name)
    assert recipe.OPERATIONS
    assert set(recipe.OPERATIONS) <= KINDS


def test_no_operation_has_two_recipes() -> None:
    taken = Counter(kind for name in registry.names() for kind in registry.load(name).OPERATIONS)
    assert not [kind for kind, count in taken.items() if count > 1]


def test_the_recipes_that_rules_name_are_there_and_each_is_named_by_a_rule() -> None:
    named = {rule.recipe for rule in load_rules() if rule.recipe}
    assert named <= set(registry.names())
    assert set(registry.names()) - named == WITHOUT_RULE
