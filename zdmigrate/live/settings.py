"""Reads the keys of one ``[[live]]`` table, each once; what is left over is an error that names the nearest key."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.config import Config


class Settings:
    """The keys of a ``[[live]]`` table. Every reader raises ConfigError for a value of the wrong kind."""

    def __init__(self, config: Config, source: str, values: Mapping[str, Any]) -> None:
        self.config = config
        self.source = source
        self._values = values
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; required where there is no default."""
        value = self._value(key, default)
        if not isinstance(value, str) or (key in self and not value.strip()):
            raise self.error(key, "a text that is not empty")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts with at least one in it; a text stands for a list of one."""
        value = self._value(key, default)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(one, str) and one for one in listed):
            raise self.error(key, "a list of texts")
        if key in self and not listed:
            raise self.error(key, "a list of texts that is not empty")
        return tuple(listed)

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "true or false")
        return value

    def seconds(self, key: str, default: float) -> float:
        """A duration, in seconds; longer than nothing."""
        value = self._value(key, default)
        if key not in self:
            return default
        try:
            length = Duration.parse(value).seconds
        except ValueError as error:
            raise self.error(key, str(error)) from None
        if length <= 0:
            raise self.error(key, "longer than nothing")
        return length

    def path(self, key: str) -> Path:
        """A path, as the configuration file names it: relative to itself."""
        folder = Path(self.config.path).parent if self.config.path else Path()
        return folder / Path(self.text(key)).expanduser()

    def finish(self) -> None:
        """Raise ConfigError for a key that nobody has read."""
        for key in self._values:
            if key not in self._read:
                raise ConfigError(f"{self.where} has no option {key!r}", hint=did_you_mean(key, self._read))

    def fingerprint(self) -> str:
        """A hash of all of it, so that what was seen by other settings is told from what is seen by these."""
        told = json.dumps({"source": self.source, **self._values}, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def where(self) -> str:
        return f'[[live]] source = "{self.source}"'

    def error(self, key: str, wanted: str) -> ConfigError:
        if key not in self:
            return ConfigError(f"{self.where} needs {key}: {wanted}", hint="docs/live.md has an example of each source")
        return ConfigError(f"{self.where}: {key} = {self._values[key]!r} is not {wanted}")

    def _value(self, key: str, default: object) -> Any:
        self._read.add(key)
        return self._values.get(key, default)
