"""What a server does for a sample, and what of it nobody claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.schema.observe import Observed, observe, observe_alone
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from tests.schema.samples import Sample
    from tests.servers.database import Database

# These stop no query, and what a query plan or a row's foreign key adds of them is not claimed.
WEAK = (LockMode.ACCESS_SHARE, LockMode.ROW_SHARE)


def measured(database: Database, sample: Sample) -> Observed:
    """Run once, after ``given``."""
    with database.connect() as connection:
        connection.execute(sample.given or "select")
    if sample.held:
        return observe_alone(database, sample.sql, sample.table, sample.held)
    return observe(database, sample.sql)
