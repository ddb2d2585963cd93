"""A runner that is killed before one statement of a change after another, each time on a database of its own."""

from __future__ import annotations

import re
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tests.recipes.bench import difference, same_rows, same_schema
from tests.recipes.dump import dumped
from tests.recipes.life import has_revert
from tests.stories.crash import numbered
from tests.stories.proxy import Point, Proxy, When, kill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.bench import Bench
    from tests.servers.database import Database
    from tests.stories.runners import Forge, Runner

EXPAND = ("apply", "--phase", "expand", "--release", "v2")
CONTRACT = ("apply", "--phase", "contract", "--release", "v3", "--force", "--reason", "nobody else is here")
_OF_THE_CHANGE = re.compile(
    r"\s*(?!.*\bzdmigrate\.)"
    r"(INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|REINDEX|REFRESH"
    r"|SELECT pg_catalog.setval)\b"
)


class Killings:
    """A case's runs: ``kill_at`` tries one point of its expand or contract, and what follows has to end well."""

    def __init__(self, on: Bench, forge: Forge) -> None:
        self.on, self.forge = on, forge
        on.rewrite()
        (on.folder / "001_furniture.sql").unlink()
        self.wanted, self.untouched = on.run_naive(), on.as_reverted()
        self.before: dict[tuple[str, ...], Database] = {EXPAND: on.database()}
        self._done(self.before[EXPAND], "init", "--release", "v1")
        self.before[CONTRACT] = self._clone(self.before[EXPAND])
        self._done(self.before[CONTRACT], *EXPAND)

    def points(self) -> list[tuple[tuple[str, ...], Point]]:
        """Every statement of the change; one that stands outside of transactions also with its answer lost."""
        return [(command, point) for command in (EXPAND, CONTRACT) for point in self._points(command)]

    def _points(self, command: tuple[str, ...]) -> list[Point]:
        with Proxy(self._clone(self.before[command]).dsn) as proxy:
            ran = self.forge.run(*command, *self._at(proxy.dsn))
            assert ran.code == 0, ran.text
            wanted = [each for each in proxy.requests if _OF_THE_CHANGE.match(each.sql)]
        return [
            Point(request, occurrence, when)
            for request, occurrence in numbered(wanted)
            for when in ((When.BEFORE, When.AFTER) if "CONCURRENTLY" in request.sql else (When.BEFORE,))
        ]

    def resumed(self, command: tuple[str, ...], point: Point) -> None:
        """Killed there, the same command goes on, and the end is the naive migration's."""
        database = self._killed(command, point)
        self._done(database, *command)
        if command == EXPAND:
            self._done(database, *CONTRACT)
        same_schema(database, self.wanted)
        same_rows(database, self.wanted, self.on.case.numbered)

    def reverted(self, point: Point) -> None:
        """Killed there in expand, revert leaves what was there."""
        database = self._killed(EXPAND, point)
        self._done(database, "revert", self.on.file.stem)
        differs = difference(dumped(self.untouched), dumped(database))
        assert not differs, f"{point}\n{differs}"

    def can_revert(self, command: tuple[str, ...]) -> bool:
        return command == EXPAND and has_revert(self.on.file)

    def _killed(self, command: tuple[str, ...], point: Point) -> Database:
        database = self._clone(self.before[command])
        started: Future[Runner] = Future()
        with Proxy(database.dsn, point, kill(lambda: started.result(30).known_pid())) as proxy:
            runner = self.forge.start(*command, *self._at(proxy.dsn))
            started.set_result(runner)
            code = runner.wait()
            assert proxy.reached, f"{point} was not met: {code}\n{runner.text}"
        return database

    def _clone(self, database: Database) -> Database:
        return self.on.held.enter_context(self.on.server.database(database.name))

    def _at(self, dsn: str) -> Sequence[str]:
        return ("--dsn", dsn, "--dir", str(self.on.folder))

    def _done(self, database: Database, *arguments: str) -> None:
        printed = self.on.zdmigrate(*arguments, "--dsn", database.dsn)
        assert printed.code == 0, f"{arguments} gave {printed.code}\n{printed.text}"
