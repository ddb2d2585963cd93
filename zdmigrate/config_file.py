"""The configuration file: its tables as dotted keys, each known, read, and free of passwords."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

from zdmigrate.config import Config, LiveSource, Override
from zdmigrate.config_guards import read_guards
from zdmigrate.config_keys import KEYS, SEVERITIES, read_key
from zdmigrate.errors import ConfigError
from zdmigrate.nearest import did_you_mean
from zdmigrate.redact import holds_password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TABLES = {"gate", "backfill", "lint", "lint.severity", "lint.overrides", "live", "guard", "apps", "rollout"}


def read_file(file: Path, start: Path) -> dict[str, Any]:
    """What the file says, by dotted key; its paths as seen from ``start``."""
    values = {"dir": Config.dir, **dict(_flatten(_parse(file), file))}
    for key in ("dir", "lint.baseline", "lint.statistics", "lint.rules"):
        if key in values:
            values[key] = _from_file(values[key], file, start)
    return values


def _from_file(value: Any, file: Path, start: Path) -> Any:
    """A path, or paths, that a file names relative to itself, as seen from the working directory."""
    if isinstance(value, str):
        return os.path.relpath(file.absolute().parent / value, start.absolute())
    return tuple(_from_file(item, file, start) for item in value)


def _parse(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from None
    found: dict[str, Any] = table.get("tool", {}).get("zdmigrate", {}) if file.name == "pyproject.toml" else table
    return found


def _flatten(table: dict[str, Any], file: Path) -> Iterator[tuple[str, object]]:
    """The file's tables as dotted keys, each read and known."""
    _refuse_passwords(table, file)
    for key, value in table.items():
        if key == "live":
            yield key, _live(value, file)
        elif key == "guard":
            yield "guards", read_guards(value, file)
        elif key == "apps":
            yield "apps_ignored", _apps(value, file)
        elif key in ("gate", "backfill", "rollout", "lint", "rewrite") and isinstance(value, dict):
            for name, inner in value.items():
                yield _known(f"{key}.{name}", inner, file)
        else:
            yield _known(key, value, file)


def _known(key: str, value: object, file: Path) -> tuple[str, object]:
    if key == "lint.severity":
        return key, _severities(value, file)
    if key == "lint.overrides":
        return key, _overrides(value, file)
    if key in _TABLES:
        raise ConfigError(f"{file}: {key} must be a table", hint=f"write [{key}]")
    if key not in KEYS:
        raise ConfigError(f"{file}: unknown key {key}", hint=did_you_mean(key, KEYS.keys() | _TABLES))
    return key, read_key(key, value, f"{file}: {key}")


def _severities(value: object, file: Path, where: str = "[lint.severity]") -> dict[str, str]:
    if not isinstance(value, dict) or not all(word in (*SEVERITIES, "off") for word in value.values()):
        raise ConfigError(f"{file}: {where} takes RULE = one of {', '.join(SEVERITIES)}, off")
    return value


def _overrides(value: object, file: Path) -> tuple[Override, ...]:
    return tuple(_override(table, file) for table in (value if isinstance(value, list) else [None]))


def _override(table: object, file: Path) -> Override:
    where = "[[lint.overrides]]"
    if not isinstance(table, dict) or table.keys() != {"paths", "severity"}:
        told = f"{file}: each {where} table has paths and severity, and no other key"
        raise ConfigError(told, hint=f'write {where}, paths = ["old/*"] and severity = {{ drop-column = "hint" }}')
    paths = table["paths"]
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise ConfigError(f"{file}: paths in {where} must be a list of globs")
    return Override(paths=tuple(paths), severity=_severities(table["severity"], file, f"severity in {where}"))


def _live(value: object, file: Path) -> tuple[LiveSource, ...]:
    tables: list[Any] = value if isinstance(value, list) else [None]
    if not all(isinstance(table, dict) and isinstance(table.get("source"), str) for table in tables):
        raise ConfigError(f"{file}: each [[live]] table needs a source", hint='write [[live]] and source = "heartbeat"')
    return tuple(
        LiveSource(source=table["source"], options={key: value for key, value in table.items() if key != "source"})
        for table in tables
    )


def _apps(value: object, file: Path) -> tuple[str, ...]:
    if not isinstance(value, dict) or not all(
        isinstance(app, dict) and app.keys() <= {"ignores"} and isinstance(app.get("ignores", False), bool)
        for app in value.values()
    ):
        raise ConfigError(f"{file}: an [apps.NAME] table knows one key", hint="write ignores = true")
    return tuple(name for name, app in value.items() if app.get("ignores"))


def _refuse_passwords(value: object, file: Path) -> None:
    """A file is committed and copied; a password in it would be, too."""
    if isinstance(value, str) and holds_password(value):
        raise ConfigError(f"{file}: holds a password", hint="use ZDMIGRATE_DSN, PGPASSWORD, or libpq's ~/.pgpass")
    if isinstance(value, dict):
        for key, inner in value.items():
            if "password" in key.lower():
                raise ConfigError(f"{file}: holds a password", hint="use PGPASSWORD or libpq's ~/.pgpass")
            _refuse_passwords(inner, file)
    if isinstance(value, list):
        for inner in value:
            _refuse_passwords(inner, file)
