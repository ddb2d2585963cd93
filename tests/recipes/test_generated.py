"""Proof 7: tables and migrations that hypothesis makes; 200 and a few in .ci/run, thousands by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.generated.campaign import campaign

if TYPE_CHECKING:
    from tests.servers.database import RunningServer

FEW = 3
SEED = 7  # a run that fails says something about the change that made it; other seeds are tried by hand


@pytest.mark.whole
def test_generated_tables_go_forth_and_back_under_two_versions(server: RunningServer) -> None:
    tally = campaign(server, FEW, SEED)
    assert not tally.failed, tally.failed[0]
    assert tally.held >= FEW
