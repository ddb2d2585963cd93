"""An HTTP endpoint that answers JSON: a deploy system, a service registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.errors import ConfigError
from zdmigrate.fetch import Unanswered, get, place, secret
from zdmigrate.live.answers import read_answer
from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings
    from zdmigrate.live.sighting import Seen


@dataclass(frozen=True, slots=True)
class Http:
    """``GET url``, with ``Authorization: Bearer`` and a variable's value where ``token`` names one."""

    url: str
    token: str
    timeout: float
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> list[Seen]:  # noqa: ARG002 - the protocol's
        named = place(self.url)
        try:
            token = secret(self.token, "its token") if self.token else ""
            told = get(self.url, named=named, seconds=self.timeout, token=token)
        except Unanswered as error:
            raise SourceSilent(str(error)) from None
        return read_answer(told, f"the answer of {named}")


def make(settings: Settings) -> Http:
    """``url``, and ``token``, the name of a variable. Raises ConfigError for a URL of another scheme."""
    url = settings.text("url")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{settings.where}: url is no URL of http or https")
    return Http(url, settings.text("token", ""), settings.seconds("time_limit", 10.0))
