"""Lambda: every version behind an alias. One with a weight above zero serves; any other could, by one call."""  # noqa: N999 - its name in the configuration

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zdmigrate.live.aws import asked, client_of, pages
from zdmigrate.live.sighting import UNKNOWN_VERSION, Seen, SourceSilent
from zdmigrate.live.versions import VersionPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings

UNPUBLISHED = "$LATEST"


@dataclass(frozen=True, slots=True)
class Lambda:
    """Some functions. One without an alias is called by its name, and so runs what was uploaded last."""

    client: Any
    functions: tuple[str, ...]
    place: VersionPlace
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> Iterator[Seen]:  # noqa: ARG002 - the protocol's
        for function in self.functions:
            aliases = list(pages(self.client, "list_aliases", "Aliases", FunctionName=function))
            for alias in aliases:
                for number, weight in _weights(alias).items():
                    version = self._version(function, number)
                    note = f"version {number}"
                    yield Seen(version, f"{function}:{alias['Name']}:{number}", weight > 0, weight, note)
            if not aliases:
                yield Seen(self._version(function, UNPUBLISHED), f"{function}:{UNPUBLISHED}", note="no alias")

    def _version(self, function: str, number: str) -> str:
        """The release that a published version was built from."""
        if self.place.kind == "number":
            return number
        told = asked(self.client.get_function_configuration, FunctionName=function, Qualifier=number)
        if self.place.kind == "description":
            return told.get("Description") or UNKNOWN_VERSION
        return ((told.get("Environment") or {}).get("Variables") or {}).get(self.place.key) or UNKNOWN_VERSION


def _weights(alias: dict[str, Any]) -> dict[str, float]:
    """The share of each version behind an alias; what the routing leaves is the alias's own version's."""
    routing = alias.get("RoutingConfig") or {}
    others: dict[str, float] = dict(routing.get("AdditionalVersionWeights") or {})
    if not (all(0 <= weight <= 1 for weight in others.values()) and sum(others.values()) <= 1):
        raise SourceSilent(f"the weights of alias {alias['Name']} are no shares: {others}")
    return {alias["FunctionVersion"]: round(1 - sum(others.values()), 6), **others}


def make(settings: Settings) -> Lambda:
    """``functions``, ``version`` and ``region``."""
    return Lambda(
        client=client_of(settings, "lambda"),
        functions=settings.texts("functions"),
        place=VersionPlace.read(settings, "description", ("description", "variable", "number")),
    )
