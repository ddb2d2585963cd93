"""What zdmigrate claims of a statement is what a server does: on 18, and under -m matrix on every major."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.schema.claims import claimed
from tests.schema.observe import Observed, observe, observe_alone
from tests.schema.samples import SAMPLES, Sample
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from tests.servers.database import Database, RunningServer

# These stop no query, and what a query plan or a row's foreign key adds of them is not claimed.
WEAK = (LockMode.ACCESS_SHARE, LockMode.ROW_SHARE)


def told(sample: Sample) -> str:
    return sample.sql.strip().splitlines()[0][:90]


@pytest.mark.matrix
@pytest.mark.parametrize("sample", SAMPLES, ids=told)
def test_a_statement_does_what_is_claimed(sample: Sample, any_server: RunningServer, any_database: Database) -> None:
    if not sample.since <= any_server.major <= sample.until:
        return
    with any_database.connect() as connection:
        connection.execute(sample.given or "select")
    claim, seen = claimed(sample.given, sample.sql, any_server.major), measured(any_database, sample)
    locks_must_agree(claim, seen)
    work_on_rows_must_agree(claim, seen, sample)


def measured(database: Database, sample: Sample) -> Observed:
    if sample.held:
        return observe_alone(database, sample.sql, sample.table, sample.held)
    return observe(database, sample.sql)


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
