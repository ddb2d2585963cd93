"""What is ended: the way of each change through expand, contract and revert."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import conninfo

from tests.recipes.bench import Bench
from tests.recipes.dump import dumped, rows
from tests.run.command import zdmigrate
from tests.stories.crash import Crash
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from tests.recipes.cases import Case
    from tests.servers.database import Connection, Database, RunningServer

EXPAND = ("apply", "--phase", "expand", "--release", "v2")
CONTRACT = ("apply", "--phase", "contract", "--release", "v3", "--force", "--reason", "nobody else is here")


def journeys(name: str, build: Callable[[Connection], object], file: Path) -> list[Crash]:
    """A change's crashes: its expand resumed and reverted, its contract and its revert resumed, as far as it has them.

    ``build`` makes the database as it is before; ``file`` lies alone in its folder, but for its history.
    """
    folder, change = file.parent, file.stem
    revert = ("revert", change)

    def before(*commands: tuple[str, ...]) -> Callable[[Connection], None]:
        def make(connection: Connection) -> None:
            build(connection)
            for command in (("init", "--release", "v1"), *commands):
                printed = zdmigrate(*command, "--dsn", dsn_of(connection), "--dir", str(folder))
                assert printed.code == 0, printed.text

        return make

    sections = {section.name for section in read_change(file).sections}
    found = [Crash(f"{name}_expand", before(), EXPAND, EXPAND, folder)]
    if "contract" in sections:
        found.append(Crash(f"{name}_contract", before(EXPAND), CONTRACT, CONTRACT, folder))
    if "revert" in sections:
        found.append(Crash(f"{name}_undone", before(), EXPAND, revert, folder, looks_at_ledger=False))
        found.append(Crash(f"{name}_revert", before(EXPAND), revert, revert, folder))
    return found


def of_case(case: Case, server: RunningServer, folder: Path, held: ExitStack) -> list[Crash]:
    """A recipe's case, rewritten as a user would; all that pg_dump prints and all rows have to be as they should."""
    bench = Bench(server, case, folder, held)
    bench.rewrite()
    (bench.folder / "001_furniture.sql").unlink()  # the database has it

    def build(connection: Connection) -> None:
        connection.execute(case.schema.encode())

    def pictured(database: Database) -> str:
        return f"{dumped(database)}\n{rows(database, case.numbered)}"

    def undone(database: Database) -> str:
        """The schema: rows that were filled stay filled, and what a revert leaves on purpose may not be made yet."""
        bench.leave_behind(database)
        return dumped(database)

    return [
        replace(crash, pictured=pictured if crash.looks_at_ledger else undone)
        for crash in journeys(case.name, build, bench.file)
    ]


def dsn_of(connection: Connection) -> str:
    """The same database for another connection."""
    info = connection.info
    return conninfo.make_conninfo(host=info.host, port=info.port, user=info.user, dbname=info.dbname)
