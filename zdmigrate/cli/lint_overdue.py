"""``lint --dsn``: a word about contracts that the database's ledger has been waiting for.

Files cannot tell: a change that is old in git may have been contracted the day after it was expanded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.connection import READ_ONLY, connect
from zdmigrate.ledger.ledger import ledger_version
from zdmigrate.ledger.overdue import overdue_contracts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.lint.project import Project


def warn_of_overdue(found: Sequence[Project], dsn: str, console: Console) -> None:
    """A warning for each, of every app whose changes are linted; silence where there is no ledger to be read."""
    with connect(dsn, purpose="lint", settings=READ_ONLY) as connection:
        try:
            if ledger_version(connection) is None:
                return
            for app, within in {(project.config.app, project.config.contract_within) for project in found}:
                for each in overdue_contracts(connection, app, within):
                    console.warn(f"{each.sentence}: zdmigrate status says what it waits for")
        except (DatabaseError, psycopg.Error) as error:
            console.detail(f"the ledger was not asked for pending contracts: {' '.join(str(error).split())}")
