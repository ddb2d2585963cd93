"""The configuration: one file found upward, then variables, then flags, each key known by name.

``[tool.zdmigrate]`` of pyproject.toml, or ``zdmigrate.toml`` with the same keys at its top.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zdmigrate.bytesize import ByteSize
from zdmigrate.config_keys import KEYS, flag_name, read_key, variable_name
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Gate(Value):
    """``[gate]``: when a contract may start."""

    rollback_window: Duration = Duration(30 * 60_000)
    lost_window: Duration = Duration(24 * 3_600_000)
    heartbeat_ttl: Duration = Duration(60_000)
    same_release: bool = False


class Backfill(Value):
    """``[backfill]``: how fast a backfill may go, and what holds it back."""

    workers: int = 2
    max_rows_per_second: int = 0  # 0: no limit
    max_bytes_per_second: ByteSize = ByteSize(0)  # of the table's blocks, read or not
    max_lag: Duration = Duration(10_000)
    max_lag_bytes: ByteSize = ByteSize(256 << 20)
    max_slot_bytes: ByteSize = ByteSize(4 << 30)
    on_row_error: str = "stop"
    guard_action: str = "pause"


class Override(Value):
    """``[[lint.overrides]]``: severities for some files only. A glob's ``*`` stands for any text, ``/`` included."""

    paths: tuple[str, ...]  # globs, as seen from the configuration file
    severity: Mapping[str, str]

    def __hash__(self) -> int:  # a dict has none
        return hash((self.paths, tuple(self.severity.items())))


class Lint(Value):
    """``[lint]``: what the linter looks at, and what makes it fail."""

    fail_on: str = "error"
    baseline: str = ""  # the file of findings that are known
    rules: tuple[str, ...] = ()  # folders of the user's own rules
    contract: tuple[str, ...] = ()  # globs of files that are contracts without saying so
    usage: tuple[str, ...] = ()  # globs of the app's code, as seen from the configuration file; ! leaves out
    statistics: str = ""  # the file of table sizes
    small_table_rows: int = 0  # fewer make a table small
    sizes: Mapping[str, Any] = {}  # what that file, or a database, says: TableSize by name; no key of its own
    severity: Mapping[str, str] = {}  # rule name -> severity
    overrides: tuple[Override, ...] = ()


class Rewrite(Value):
    """``[rewrite]``: what ``zdmigrate rewrite`` need not be told each time."""

    new_name: str = ""  # of a column of another type, with {table}, {column} and {type} in it; "" to be asked


class LiveSource(Value):
    """``[[live]]``: one source of live versions; what else its table says is for that source to read."""

    source: str
    options: Mapping[str, Any] = {}


class Guard(Value):
    """``[[guard]]``: a number that tells how an app does, by a command or a query, and how bad it may get."""

    name: str
    command: tuple[str, ...] = ()
    prometheus: str = ""  # the URL of the server
    query: str = ""
    token: str = ""  # the variable that holds a bearer token for it
    max: float | None = None
    max_ratio: float | None = None  # times what it was before the start
    min: float | None = None  # for what is good when there is much of it
    min_ratio: float | None = None
    every: Duration = Duration(5_000)
    time_limit: Duration = Duration(5_000)


class Rollout(Value):
    """``[rollout]``: what ``zdmigrate guard`` does once a guard says no, and whom it tells."""

    action: str = "abort"
    webhook: str = ""  # a URL that the verdict is posted to
    webhook_token: str = ""  # the variable that holds a bearer token for it


class Config(Value):
    """Every setting, with its default. Durations are ``Duration``; paths are relative to the working directory."""

    app: str = "app"
    dir: str = "migrations"
    source: str = ""  # whose folder that is; "" for what its shape says
    source_command: tuple[str, ...] = ()  # what prints the SQL of one migration
    source_section: str = ""  # of alembic.ini, as for alembic --name; "" for lint: all that have scripts
    runner: str = ""  # who runs the files, and sets lock_timeout itself
    postgres: int = 14
    lock_budget: Duration = Duration(200)
    lock_deadline: Duration = Duration(10 * 60_000)
    disk_free: ByteSize = ByteSize(0)  # on the server; 0: nobody has said
    contract_within: Duration = Duration(30 * 86_400_000)
    replicas: str | tuple[str, ...] = ""  # "", "no-readers", or DSNs
    release_tags: str = ""  # a glob of the tags in git that releases have
    out_of_order: str = "run"  # run | refuse
    gate: Gate = Gate()
    backfill: Backfill = Backfill()
    live: tuple[LiveSource, ...] = (LiveSource(source="heartbeat"),)
    guards: tuple[Guard, ...] = ()
    rollout: Rollout = Rollout()
    lint: Lint = Lint()
    rewrite: Rewrite = Rewrite()
    apps_ignored: tuple[str, ...] = ()  # [apps.NAME] ignores = true
    path: str | None = None  # the file that was read

    @property
    def active_guards(self) -> tuple[Guard, ...]:
        """The guards of an expand and its backfill."""
        return () if self.backfill.guard_action == "ignore" else self.guards


def load(
    start: str | os.PathLike[str],
    flags: Mapping[str, object] | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    seen_from: str | os.PathLike[str] | None = None,
) -> Config:
    """The configuration as seen from ``start``; flags (by dotted key, None for "not given") win over variables.

    ``path`` names the file instead of searching for it. The paths in it are told as seen from ``seen_from``, which is
    ``start`` unless a file far from the working directory is asked for its configuration. ConfigError for whatever is
    not understood.
    """
    file = path or find(start)
    values: dict[str, Any] = {}
    if file:
        from pathlib import Path

        from zdmigrate.config_file import read_file  # and with it tomllib, which most runs can do without

        values = read_file(Path(file), Path(start if seen_from is None else seen_from))
    for key, text in _variables(os.environ if environ is None else environ):
        values[key] = read_key(key, text, variable_name(key))
    for key, value in (flags or {}).items():
        if value is not None:
            values[key] = read_key(key, value, f"--{flag_name(key)}")
    return _config(values, file)


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, known in KEYS.items():
        if known.scalar and variable_name(key) in environ:
            yield key, environ[variable_name(key)]


def _config(values: dict[str, Any], file: str | os.PathLike[str] | None) -> Config:
    def table(name: str) -> dict[str, Any]:
        return {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}

    top = {key: value for key, value in values.items() if "." not in key}
    gate, lint, rewrite = Gate(**table("gate")), Lint(**table("lint")), Rewrite(**table("rewrite"))
    backfill, rollout = Backfill(**table("backfill")), Rollout(**table("rollout"))
    path = None if file is None else os.fspath(file)
    return Config(**top, gate=gate, backfill=backfill, rollout=rollout, lint=lint, rewrite=rewrite, path=path)


def find(start: str | os.PathLike[str]) -> str | None:
    """The nearest file upward that configures zdmigrate; a pyproject.toml that does not name it is passed by."""
    folder, below = os.path.abspath(start), ""
    while folder != below:
        own, shared = os.path.join(folder, "zdmigrate.toml"), os.path.join(folder, "pyproject.toml")
        has_own, has_table = os.path.isfile(own), os.path.isfile(shared) and _names_us(shared)
        if has_table and has_own:
            raise ConfigError(f"{own} and {shared} both configure zdmigrate", hint="keep one of them")
        if has_table or has_own:
            return shared if has_table else own
        folder, below = os.path.dirname(folder), folder
    return None


def _names_us(pyproject: str) -> bool:
    with open(pyproject, "rb") as file:
        return b"[tool.zdmigrate" in file.read()
