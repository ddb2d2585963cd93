"""The keys that the configuration knows: how each is read, what it is for, what its flag and variable are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.bytesize import ByteSize
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

SEVERITIES = ("error", "warning", "hint")
SOURCES = (
    *("native", "plain", "single-transaction", "flyway", "golang-migrate", "dbmate", "goose", "sql-migrate"),
    *("node-pg-migrate", "diesel", "sqlx", "prisma", "django", "alembic"),
)
RUNNERS = ("zdmigrate", "psql", *SOURCES[2:], "other")


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
    "source_section": Key(_text, "The section of alembic.ini, as for alembic --name."),
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


def variable_name(key: str) -> str:
    """``gate.rollback_window`` -> ``ZDMIGRATE_GATE_ROLLBACK_WINDOW``."""
    return "ZDMIGRATE_" + key.replace(".", "_").upper()


def flag_name(key: str) -> str:
    """``gate.rollback_window`` -> ``rollback-window``: the last word is enough, no two tables share one."""
    return key.rpartition(".")[2].replace("_", "-")


def read_key(key: str, value: object, where: str) -> object:
    """A key's value as its type; ConfigError that begins with ``where``."""
    try:
        return KEYS[key].read(value)
    except ValueError as error:
        raise ConfigError(f"{where}: {value!r} is not {error}") from None
