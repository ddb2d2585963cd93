"""Several generated cases on one database, each in a schema of its own: proofs 1 to 4, and that all lint clean."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg

from tests.recipes.bench import difference, same_rows, same_schema
from tests.recipes.dump import dumped
from tests.recipes.life import Life, has_revert
from tests.run.command import zdmigrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.generated.migrations import Generated
    from tests.servers.database import Database, RunningServer

ALLOWED = ("--allow", "twin-unique-upsert=no version here upserts")
FORCED = ("--force", "--reason", "nobody else is here")


@dataclass
class Tally:
    """What became of the cases: held, refused by rewrite with a reason, or not to be migrated by the naive SQL."""

    held: int = 0
    refused: int = 0
    invalid: int = 0
    failed: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        told = f"{self.held} cases held, {len(self.failed)} failed; {self.refused} refused by rewrite, "
        return f"{told}{self.invalid} that the naive SQL cannot migrate either\n{kinds}"


def try_batch(server: RunningServer, cases: Sequence[Generated], tally: Tally) -> None:
    """Try all at once; where that fails, each by itself, to tell which it is."""
    try:
        held = _Batch(server, cases, tally).run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to one of the cases
        if len(cases) == 1:
            tally.failed.append(f"{type(error).__name__}: {error}\n{cases[0]}")
            return
        for case in cases:
            try_batch(server, [case], tally)
        return
    tally.held += len(held)
    tally.kinds.update(case.migration.kind for case in held)


class _Batch:
    def __init__(self, server: RunningServer, cases: Sequence[Generated], tally: Tally) -> None:
        self.server, self.cases, self.tally = server, cases, tally
        self.counted = len(cases) > 1  # a case that is tried again by itself is counted already

    def run(self) -> list[Generated]:
        with ExitStack() as held:
            self.held = held
            self.folder = Path(held.enter_context(TemporaryDirectory())) / "migrations"
            self.folder.mkdir()
            original = held.enter_context(self.server.database())
            there = self._made([*enumerate(self.cases)], original)
            self.files = self._rewritten(there, original)
            self.template = original.name
            self._leave_out_what_is_not_to_be_migrated()
            self._lints_clean()
            if self.files:
                self._with_both_versions()
                self._forth_and_back()
            return list(self.files.values())

    def _clone(self) -> Database:
        return self.held.enter_context(self.server.database(self.template))

    def _made(self, cases: list[tuple[int, Generated]], database: Database) -> list[tuple[int, Generated]]:
        made = []
        with database.connect() as connection:
            for number, case in cases:
                try:
                    with connection.transaction():
                        connection.execute(case.table.script().encode())
                    made.append((number, case))
                except psycopg.Error:
                    self.tally.invalid += 1
        return made

    def _rewritten(self, cases: list[tuple[int, Generated]], database: Database) -> dict[str, Generated]:
        """The change files that rewrite writes, by their ids."""
        files = {}
        for number, case in cases:
            name = f"{number + 1:03}_{case.migration.kind.replace(' ', '_').replace(',', '')}"
            history = self.folder.parent / f"history {number}"
            history.mkdir()
            (history / "000_before.sql").write_text(case.table.script())
            file = history / f"{name}.sql"
            file.write_text(case.migration.naive)
            read = ("--dsn", database.dsn) if case.from_database else ()
            output = ("--output", str(self.folder / file.name))
            allow = ("--allow", "twin-unique-upsert=nobody upserts")
            options = (*output, "--dir", str(history), *read, *allow, *case.migration.options)
            printed = zdmigrate("rewrite", str(file), *options)
            if printed.code == 0:
                files[name] = case
            else:
                assert printed.code == 2, printed.text
                assert "nothing was written" in printed.err, printed.text
                self.tally.refused += self.counted
                self.tally.refusals[f"{case.migration.kind}: {printed.err.splitlines()[0].split(': ', 2)[-1]}"] += 1
        return files

    def _leave_out_what_is_not_to_be_migrated(self) -> None:
        for name, case in list(self.files.items()):
            try:
                with self._scratch.connect() as connection:
                    connection.execute((case.migration.naive + self._then(name, case)).encode())
            except psycopg.Error:
                self.tally.invalid += self.counted
                del self.files[name]
                (self.folder / f"{name}.sql").unlink()

    @property
    def _scratch(self) -> Database:
        if not hasattr(self, "_tried"):
            self._tried = self._clone()
        return self._tried

    def _in_place(self, name: str) -> bool:
        return " in place. " in (self.folder / f"{name}.sql").read_text().replace("\n-- ", " ")

    def _then(self, name: str, case: Generated) -> str:
        return "" if self._in_place(name) else case.migration.then

    def _stays(self, name: str, case: Generated) -> str:
        return case.migration.naive if self._in_place(name) else case.migration.stays

    def _lints_clean(self) -> None:
        before = self.folder / "000_before.sql"
        before.write_text("\n".join(case.table.script() for case in self.files.values()))
        files = [str(self.folder / f"{name}.sql") for name in self.files]
        printed = zdmigrate("lint", *files, "--fail-on", "warning", "--dir", str(self.folder)) if files else None
        before.unlink()
        assert printed is None or printed.code == 0, printed.text

    def _migrate(self, database: Database) -> None:
        with database.connect() as connection:
            for name, case in self.files.items():
                connection.execute((case.migration.naive + self._then(name, case)).encode())

    def _leave_behind(self, database: Database) -> None:
        with database.connect() as connection:
            for name, case in self.files.items():
                connection.execute(self._stays(name, case).encode() or b"SELECT")

    def _with_both_versions(self) -> None:
        """Proofs 1 and 4."""
        database, migrated, wanted = self._clone(), self._scratch, self._clone()
        unread = any(case.migration.unread for case in self.files.values())
        with Life(database, migrated, self.folder, unread=unread) as life:
            life.together()
            life.contract()
        life.replay(wanted)
        self._migrate(wanted)
        same_schema(database, wanted)
        same_rows(database, wanted)

    def _forth_and_back(self) -> None:
        """Proofs 2 and 3."""
        database, untouched = self._clone(), self._clone()
        self._leave_behind(untouched)
        self._run(database, "init", "--release", "v1")
        self._run(database, "apply", "--phase", "expand", "--release", "v2")
        for name in reversed(self.files):
            if has_revert(self.folder / f"{name}.sql"):
                self._run(database, "revert", name)
        differs = difference(dumped(untouched), dumped(database))
        assert not differs, differs
        same_rows(database, untouched)
        self._run(database, "apply", "--phase", "expand", "--release", "v2", "--again")
        self._run(database, "apply", "--phase", "contract", "--release", "v3", *FORCED)
        same_schema(database, self._scratch)
        same_rows(database, self._scratch)

    def _run(self, database: Database, *arguments: str) -> None:
        printed = zdmigrate(*arguments, "--dsn", database.dsn, "--dir", str(self.folder))
        text = "\n".join(path.read_text() for path in self.folder.iterdir()) if len(self.cases) == 1 else ""
        assert printed.code == 0, f"zdmigrate {' '.join(arguments)} gave {printed.code}\n{printed.text}\n{text}"
