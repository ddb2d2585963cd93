"""One shell session in which the commands of a page run, as a reader would type them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple, Self

from psycopg import conninfo

from tests.docs.markdown import ROOT
from zdmigrate.embedded.locate import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database

MARK = "@@zdmigrate-docs@@"
DATABASE = "shopdb"  # what the pages call it
_PARAMETERS = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}


class Told(NamedTuple):
    """A command of a page, with what it is said to print."""

    command: str
    output: str


class Shell:
    """A bash that stays: variables, background jobs and the working folder live from command to command."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database = database
        self.code = 0  # of the last command
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=_environment(folder, database),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._send("set -m")  # %1 names a job, as it does for a reader
        self._result()

    def run(self, command: str) -> str:
        """What the command prints, on either stream. ``echo $?`` and ``kill %1`` work as for a reader."""
        self._send(command.replace(DATABASE, self.database.name))
        return self._result().replace(self.database.name, DATABASE)

    def _send(self, command: str) -> None:
        assert self._bash.stdin
        self._bash.stdin.write(f'{command}\n_code=$?; echo "$_code {MARK}"; (exit $_code)\n')
        self._bash.stdin.flush()

    def _result(self) -> str:
        assert self._bash.stdout
        lines = []
        for line in self._bash.stdout:
            if line.rstrip().endswith(MARK):
                self.code = int(line.split()[0])
                break
            lines.append(line)
        return "".join(lines)

    def close(self) -> None:
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.write("kill %1 %2 2>/dev/null; wait\n")
        self._bash.stdin.close()
        self._bash.stdout.read()
        self._bash.stdout.close()
        self._bash.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _environment(folder: Path, database: Database) -> dict[str, str]:
    """Nothing of the caller's: this checkout's ``zdmigrate`` and a psql on PATH, libpq told by its own variables."""
    programs = folder.parent / f"{folder.name}-bin"
    programs.mkdir()
    mains = {"zdmigrate": "from zdmigrate.cli.main import main", "alembic": "from alembic.config import main"}
    for name, main in mains.items():
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(main + "; main()")} "$@"\n')
        script.chmod(0o755)
    psql = programs / "psql"
    binaries = find()
    libraries = binaries.environment().get("LD_LIBRARY_PATH", "")
    psql.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {shlex.quote(binaries.program("psql"))} "$@"\n')
    psql.chmod(0o755)
    known = conninfo.conninfo_to_dict(database.dsn)
    return {
        "PATH": f"{programs}:{os.defpath}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **{variable: str(known[name]) for name, variable in _PARAMETERS.items() if known.get(name)},
    }


def told(text: str) -> Iterator[Told]:
    """The commands of a console block, each with its output."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            line, _, output = output.partition("\n")
            command = f"{command}\n{line.removeprefix('> ')}"
        yield Told(command, output)


# What no two runs have in common, and how each is written instead.
_UNSTEADY = (
    (r"on [\w.]+:\d+, schema", "on HOST:PORT, schema"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "0000-00-00 00:00"),
    (r"\d+(\.\d+)? (ms|s)\b", "0 s"),
    (r", \d+ tries", ""),
    (r"^ *\d\d:\d\d:\d\d backfill .*\n", ""),
    (r"0 s ago +", "0 s ago "),
    (r", about \d+ rows", ""),
    (r"^waiting for .*\n", ""),
    (
        r"^- the (server started|first beat after a gap came) [^)]*\)\n",
        "",
    ),  # on a machine so fast that the window is not over yet
    # so is what the window of a version that has left is told as
    (r"^\S+ holds (no gate: it has been gone|\w+: the rollback window) .*\n", ""),
    (r"─+", "──"),
    (r" +$", ""),
)


def steady(output: str) -> str:
    """The output with times and the like written alike."""
    for pattern, instead in _UNSTEADY:
        output = re.sub(pattern, instead, output, flags=re.MULTILINE)
    return output
