"""The configuration: one file found upward, then variables, then flags, each key known by name.

``[tool.zdmigrate]`` of pyproject.toml, or ``zdmigrate.toml`` with the same keys at its top.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.bytesize import ByteSize
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SEVERITIES = ("error", "warning", "hint")
SOURCES = (
    *("native", "plain", "single-transaction", "flyway", "golang-migrate", "dbmate", "goose", "sql-migrate"),
    *("node-pg-migrate", "diesel", "sqlx", "prisma", "django", "alembic"),
)
RUNNERS = ("zdmigrate", "psql", *SOURCES[2:], "other")


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


# --------------------------------------------------------------------------- reading one value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value


def _url(value: object) -> str:
    if not _text(value).startswith(("http://", "https://")):
        raise ValueError("a URL of http or https")
    return str(value)


def _flag(value: object) -> bool:
    words = {"true": True, "on": True, "1": True, "yes": True, "false": False, "off": False, "0": False, "no": False}
    found = value if isinstance(value, bool) else words.get(str(value).lower())
    if found is None:
        raise ValueError("true or false")
    return found


def _major(value: object) -> int:
    if isinstance(value, bool) or not str(value).isdecimal() or int(str(value)) < 14:
        raise ValueError("a major version of PostgreSQL, 14 or newer")
    return int(str(value))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _new_name(value: object) -> str:
    """A pattern of names that differ from column to column, and from the column's own."""
    try:
        made = str(value).format(table="t", column="c", type="text")
    except (KeyError, IndexError, ValueError):
        made = ""
    if "{column}" not in str(value) or made in ("", "c"):
        raise ValueError("a name with {column}, and {type} or {table} or more letters, in it")
    return str(value)


def _replicas(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value != "no-readers":
        raise ValueError('"no-readers" or a list of DSNs')
    return value if isinstance(value, str) else _texts(value)


def _some_time(value: object) -> Duration:
    """A duration that is longer than nothing: PostgreSQL takes 0 for no limit at all."""
    duration = Duration.parse(value)
    if duration.milliseconds < 1:
        raise ValueError("at least 1ms")
    return duration


def _count(value: object) -> int:
    if isinstance(value, bool) or not str(value).replace("_", "").isdecimal():
        raise ValueError("a whole number")
    return int(str(value))


def _workers(value: object) -> int:
    number = _count(value)
    if not 1 <= number <= 64:
        raise ValueError("a number from 1 to 64")
    return number


def _choice(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return str(value)

    return read


class Key(NamedTuple):
    """How one key is read, and what it is for; ``scalar`` ones may also be a flag or a variable."""

    read: Callable[[object], object]
    help: str
    scalar: bool = True


KEYS = {
    "app": Key(_text, "The application whose releases these changes belong to."),
    "dir": Key(_text, "The folder of change files."),
    "source": Key(_choice(*SOURCES), "The tool whose folder it is; without one, its shape says."),
    "source_command": Key(_texts, "What prints the SQL of one migration, word by word.", scalar=False),
    "runner": Key(_choice(*RUNNERS), "Who runs the files, where it sets lock_timeout by itself."),
    "postgres": Key(_major, "The oldest PostgreSQL major version that the changes must be safe on."),
    "lock_budget": Key(_some_time, "How long any query of the app may be made to wait."),
    "lock_deadline": Key(Duration.parse, "How long to try for a lock before giving up."),
    "disk_free": Key(ByteSize.parse, "How much is free on the server's disk: SQL does not tell."),
    "contract_within": Key(Duration.parse, "How long a contract may be pending before status and lint --dsn warn."),
    "replicas": Key(_replicas, "no-readers, or DSNs of hot standbys to look at.", scalar=False),
    "release_tags": Key(_text, "A glob of the tags that releases have in git: v*."),
    "out_of_order": Key(_choice("run", "refuse"), "What to do with a new file that sorts before an applied one."),
    "gate.rollback_window": Key(Duration.parse, "How long old versions must be gone before a contract."),
    "gate.lost_window": Key(Duration.parse, "How long an instance that fell silent holds the gate."),
    "gate.heartbeat_ttl": Key(Duration.parse, "How long a beat is worth."),
    "gate.same_release": Key(_flag, "Whether the release that brought a change may contract it."),
    "backfill.workers": Key(_workers, "How many workers a backfill has, each with a connection."),
    "backfill.max_rows_per_second": Key(_count, "Rows that a backfill may change in a second; 0 for no limit."),
    "backfill.max_bytes_per_second": Key(ByteSize.parse, "Bytes of a table to go through in a second; 0 for no limit."),
    "backfill.max_lag": Key(Duration.parse, "How far behind a standby or subscriber may be while a backfill runs."),
    "backfill.max_lag_bytes": Key(ByteSize.parse, "The same in bytes of WAL."),
    "backfill.max_slot_bytes": Key(ByteSize.parse, "How much WAL a replication slot may keep while a backfill runs."),
    "backfill.on_row_error": Key(
        _choice("stop", "quarantine"), "What to do with a row that cannot be filled: stop, or keep it aside and go on."
    ),
    "backfill.guard_action": Key(
        _choice("pause", "abort", "revert", "ignore"), "What to do with an expand while a health guard says no."
    ),
    "rollout.action": Key(_choice("pause", "abort", "revert"), "What guard does once a health guard says no."),
    "rollout.webhook": Key(_url, "A URL that guard posts its verdict to."),
    "rollout.webhook_token": Key(_text, "The variable that holds a bearer token for the webhook."),
    "rewrite.new_name": Key(_new_name, "The name of a column whose type changes: {column}_{type}."),
    "lint.fail_on": Key(_choice(*SEVERITIES, "never"), "The lowest severity that makes lint exit with 1."),
    "lint.baseline": Key(_text, "A file of known findings, which are not reported again."),
    "lint.statistics": Key(_text, "A file of table sizes, written by zdmigrate stats."),
    "lint.small_table_rows": Key(_count, "Scans and rewrites of tables with fewer rows than this weigh less."),
    "lint.rules": Key(_texts, "Folders of your own rules.", scalar=False),
    "lint.contract": Key(_texts, "Globs of files that are contracts.", scalar=False),
    "lint.usage": Key(_texts, "Globs of the code that uses the database, for same-release-drop.", scalar=False),
}


# What `zdmigrate tune` changes while a backfill runs.
TUNABLE = (
    "backfill.workers",
    "backfill.max_rows_per_second",
    "backfill.max_bytes_per_second",
    "backfill.max_lag",
    "backfill.max_lag_bytes",
    "backfill.max_slot_bytes",
)


# --------------------------------------------------------------------------- putting the sources together


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


def variable_name(key: str) -> str:
    """``gate.rollback_window`` -> ``ZDMIGRATE_GATE_ROLLBACK_WINDOW``."""
    return "ZDMIGRATE_" + key.replace(".", "_").upper()


def flag_name(key: str) -> str:
    """``gate.rollback_window`` -> ``rollback-window``: the last word is enough, no two tables share one."""
    return key.rpartition(".")[2].replace("_", "-")


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, known in KEYS.items():
        if known.scalar and variable_name(key) in environ:
            yield key, environ[variable_name(key)]


def read_key(key: str, value: object, where: str) -> object:
    """A key's value as its type; ConfigError that begins with ``where``."""
    try:
        return KEYS[key].read(value)
    except ValueError as error:
        raise ConfigError(f"{where}: {value!r} is not {error}") from None


def _config(values: dict[str, Any], file: str | os.PathLike[str] | None) -> Config:
    def table(name: str) -> dict[str, Any]:
        return {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}

    top = {key: value for key, value in values.items() if "." not in key}
    gate, lint, rewrite = Gate(**table("gate")), Lint(**table("lint")), Rewrite(**table("rewrite"))
    backfill, rollout = Backfill(**table("backfill")), Rollout(**table("rollout"))
    path = None if file is None else os.fspath(file)
    return Config(**top, gate=gate, backfill=backfill, rollout=rollout, lint=lint, rewrite=rewrite, path=path)


# --------------------------------------------------------------------------- the file


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
