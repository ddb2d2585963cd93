"""The ``[[guard]]`` tables of the configuration file: what an app's health is measured by, and how bad it may get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.config import Guard
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.nearest import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

# What is measured, and what it may come to where its table does not say.
USUAL: dict[str, dict[str, float]] = {
    "error_rate": {"max": 0.01},
    "p50": {"max_ratio": 2.0},
    "p99": {"max_ratio": 2.0},
    "business": {"min_ratio": 0.5},
}
_TEXTS = ("name", "measures", "prometheus", "query", "token")
_NUMBERS = ("max", "max_ratio", "min", "min_ratio")
_TIMES = ("every", "time_limit")


def read_guards(value: object, file: Path) -> tuple[Guard, ...]:
    """Every guard. Raises ConfigError for one that measures nothing, has no threshold, or a name twice."""
    tables: list[Any] = value if isinstance(value, list) else [None]
    guards = tuple(_guard(table, f"{file}: [[guard]]") for table in tables)
    names = [guard.name for guard in guards]
    if len(set(names)) < len(names):
        raise ConfigError(f"{file}: two [[guard]] tables have the same name", hint="each needs a name of its own")
    return guards


def _guard(table: Any, where: str) -> Guard:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str) or not table["name"]:
        raise ConfigError(f"{where}: each needs a name", hint='write [[guard]] and name = "errors"')
    where = f"{where} {table['name']}"
    values = {key: _read(key, value, where) for key, value in table.items()}
    measures = values.pop("measures", "")
    if measures and measures not in USUAL:
        raise ConfigError(f"{where}: measures is one of {', '.join(USUAL)}, not {measures}")
    if not values.keys() & set(_NUMBERS):
        values |= USUAL.get(measures, {})
    _refuse_useless(values, where)
    return Guard(**values)


def _read(key: str, value: Any, where: str) -> Any:
    if key in _TEXTS and isinstance(value, str) and value:
        return value
    if key in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if key in _TIMES:
        try:
            return Duration.parse(value)
        except ValueError as error:
            raise ConfigError(f"{where}: {key}: {value!r} is not {error}") from None
    if key == "command" and isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        return tuple(value)
    known = (*_TEXTS, *_NUMBERS, *_TIMES, "command")
    if key not in known:
        raise ConfigError(f"{where}: unknown key {key}", hint=did_you_mean(key, known))
    kind = "a number" if key in _NUMBERS else "a list of words" if key == "command" else "a text"
    raise ConfigError(f"{where}: {key} must be {kind}")


def _refuse_useless(values: dict[str, Any], where: str) -> None:
    if ("command" in values) == ("prometheus" in values) or ("prometheus" in values) != ("query" in values):
        raise ConfigError(f"{where}: measures by a command, or by prometheus and query")
    if not values.get("prometheus", "https://").startswith(("http://", "https://")):
        raise ConfigError(f"{where}: prometheus is no URL of http or https")
    if not values.keys() & set(_NUMBERS):
        raise ConfigError(
            f"{where}: has no threshold",
            hint='write max = 0.01, or max_ratio = 2 (times the value before the start), or measures = "p99"',
        )
