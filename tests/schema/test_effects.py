"""What zdmigrate claims of a statement is what a server does: a third on 18, and under -m matrix all on every major."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.schema.all_samples import ALL
from tests.schema.claims import claimed
from tests.schema.effects_page import is_on_page, row_of
from tests.schema.measure import WEAK, measured
from tests.schema.sixth import a_sixth_of

if TYPE_CHECKING:
    from tests.schema.observe import Observed
    from tests.schema.samples import Sample
    from tests.servers.database import Database, RunningServer


def told(sample: Sample) -> str:
    return sample.sql.strip().splitlines()[0][:90]


@pytest.mark.matrix
@pytest.mark.parametrize("sample", a_sixth_of(ALL), ids=told)
def test_a_statement_does_what_is_claimed(sample: Sample, any_server: RunningServer, any_database: Database) -> None:
    if not sample.since <= any_server.major <= sample.until:
        return
    claim, seen = claimed(sample.given, sample.sql, any_server.major), measured(any_database, sample)
    locks_must_agree(claim, seen)
    work_on_rows_must_agree(claim, seen, sample)
    row = row_of(sample, seen, any_server.major)
    assert is_on_page(row, any_server.major), "write it with: python -m tests.schema.effects_page new"


def locks_must_agree(claim: Observed, seen: Observed) -> None:
    weak = {relation for relation, mode in seen.locks.items() if mode in WEAK and relation not in claim.locks}
    assert claim.locks == {relation: mode for relation, mode in seen.locks.items() if relation not in weak}
    # Nobody waits for an index or a sequence who does not wait for its table: only those that are named are claimed.
    assert claim.index_locks.items() <= seen.index_locks.items()
    assert claim.sequence_locks.items() <= seen.sequence_locks.items()


def work_on_rows_must_agree(claim: Observed, seen: Observed, sample: Sample) -> None:
    """A table that is written anew is read for it; TRUNCATE gives it an empty file, which is no work on rows."""
    if sample.sql.startswith("truncate"):
        assert not claim.rewrites | claim.scans
        return
    assert claim.rewrites == seen.rewrites
    if sample.worst_case:
        assert claim.scans >= seen.scans - seen.rewrites
    else:
        assert claim.scans | claim.rewrites == seen.scans | seen.rewrites
        assert claim.builds_index == seen.builds_index
