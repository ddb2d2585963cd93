"""The sources of live versions, one a file: a file's name is what ``[[live]] source`` calls it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.errors import ConfigError
from zdmigrate.live.settings import Settings
from zdmigrate.live.sighting import ConfiguredSource
from zdmigrate.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.config import Config, LiveSource

HEARTBEAT = "heartbeat"  # kept by the ledger itself, and read whether it is named or not
TIME_LIMIT = 10.0  # seconds for one look


def sources_of(config: Config) -> tuple[ConfiguredSource, ...]:
    """The configured sources but heartbeats. Raises ConfigError for one that does not exist or is misconfigured."""
    made = [_source(config, live) for live in config.live if not _is_heartbeat(live)]
    _refuse_namesakes(made)
    return tuple(made)


def _is_heartbeat(live: LiveSource) -> bool:
    if live.source == HEARTBEAT and live.options:
        raise ConfigError(
            f'[[live]] source = "heartbeat" has no option {next(iter(live.options))!r}',
            hint="how long a beat is worth is gate.heartbeat_ttl",
        )
    return live.source == HEARTBEAT


def _source(config: Config, live: LiveSource) -> ConfiguredSource:
    known = sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py"))
    if live.source not in known:
        raise ConfigError(
            f"[[live]] names the source {live.source!r}, which does not exist", hint=did_you_mean(live.source, known)
        )
    settings = Settings(config, live.source, live.options)
    source = import_module(f"{__name__}.{live.source}").make(settings)
    made = ConfiguredSource(
        name=settings.text("name", live.source),
        app=settings.text("app", config.app),
        source=source,
        time_limit=settings.seconds("time_limit", TIME_LIMIT),
        silence_means_absence=settings.flag("silence_means_absence", source.silence_means_absence),
        settings=settings.fingerprint(),
    )
    settings.finish()
    return made


def _refuse_namesakes(sources: Iterable[ConfiguredSource]) -> None:
    names: set[tuple[str, str]] = set()
    for source in sources:
        if (source.name, source.app) in names or source.name == HEARTBEAT:
            raise ConfigError(
                f"two [[live]] tables are called {source.name}", hint='give each a name of its own: name = "blue"'
            )
        names.add((source.name, source.app))
