"""Proof 7: tables and migrations that hypothesis makes; ten in every run, 200 in .ci/run, thousands by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recipes.generated.campaign import BATCH, campaign
from tests.recipes.tenth import commit

if TYPE_CHECKING:
    from tests.servers.database import RunningServer


def test_generated_tables_go_forth_and_back_under_two_versions(server: RunningServer) -> None:
    tally = campaign(server, BATCH, commit())
    assert not tally.failed, tally.failed[0]
    assert tally.held >= BATCH
