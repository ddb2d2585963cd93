"""The sources of live versions, one a file: a file's name is what ``[[live]] source`` calls it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.errors import ConfigError
from zdmigrate.nearest import did_you_mean

if TYPE_CHECKING:
    from zdmigrate.config import Config, LiveSource
    from zdmigrate.live.sighting import Source


def sources_of(config: Config) -> tuple[Source, ...]:
    """The configured sources. Raises ConfigError for one that does not exist, or that an option does not fit."""
    return tuple(_source(config, live) for live in config.live)


def _source(config: Config, live: LiveSource) -> Source:
    known = sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py"))
    if live.source not in known:
        raise ConfigError(
            f"[[live]] names the source {live.source!r}, which does not exist", hint=did_you_mean(live.source, known)
        )
    source: Source = import_module(f"{__name__}.{live.source}").make(config, live.options)
    return source
