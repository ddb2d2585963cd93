"""These tests are about findings of single statements: a runner sets lock_timeout for all of their files."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def a_runner_sets_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_RUNNER", "other")
