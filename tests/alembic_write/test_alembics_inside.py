"""What zdmigrate uses of Alembic's without a public name is as it was: who fails here reads decision 0019 first."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import render
from alembic.autogenerate.api import RevisionContext
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import HeadMaintainer, MigrationContext

if TYPE_CHECKING:
    from collections.abc import Callable

USED = [
    (RevisionContext.run_autogenerate, ("self", "rev", "migration_context"), "pending.py: beside waiting contracts"),
    (EnvironmentContext.configure, ("self", "connection", "url"), "guarding.py: a transaction for each revision"),
    (HeadMaintainer.update_to_step, ("self", "step"), "versions.py: what alembic_version is told"),
    (render._render_column, ("column", "autogen_context"), "safe_operations.py: op.add_column_sync as Python"),
]


@pytest.mark.parametrize(("function", "first", "use"), USED, ids=lambda each: getattr(each, "__name__", "_"))
def test_a_function_takes_what_it_took(function: Callable[..., Any], first: tuple[str, ...], use: str) -> None:
    assert tuple(inspect.signature(function).parameters)[: len(first)] == first, use


def test_the_steps_of_a_command_come_from_a_function_among_the_options() -> None:
    """guarding.py puts itself around it."""
    assert 'opts.get("fn"' in inspect.getsource(MigrationContext.__init__)
