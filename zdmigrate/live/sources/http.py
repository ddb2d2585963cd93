"""An HTTP endpoint that answers JSON: a deploy system, a service registry."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.errors import ConfigError
from zdmigrate.live.answers import read_answer
from zdmigrate.live.secrets import variable
from zdmigrate.live.sighting import SourceSilent
from zdmigrate.redact import redact

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings
    from zdmigrate.live.sighting import Seen

MOST = 4 * 1024 * 1024  # bytes of an answer that are read; what is longer is no list of instances


@dataclass(frozen=True, slots=True)
class Http:
    """``GET url``, with ``Authorization: Bearer`` and a variable's value where ``token`` names one."""

    url: str
    token: str
    timeout: float
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> list[Seen]:  # noqa: ARG002 - the protocol's
        return read_answer(self._get(), f"the answer of {redact(self.url)}")

    def _get(self) -> str:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {variable(self.token, 'its token')}"
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 - make() lets http and https pass
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310 - as above
                body: bytes = answer.read(MOST + 1)
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceSilent(f"{redact(self.url)} answers {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            raise SourceSilent(f"{redact(self.url)}: {getattr(error, 'reason', error)}") from None
        if len(body) > MOST:
            raise SourceSilent(f"the answer of {redact(self.url)} is longer than {MOST} bytes")
        return body.decode("utf-8", "replace")


def make(settings: Settings) -> Http:
    """``url``, and ``token``, the name of a variable. Raises ConfigError for a URL of another scheme."""
    url = settings.text("url")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{settings.where}: {url!r} is no URL of http or https")
    return Http(url, settings.text("token", ""), settings.seconds("time_limit", 10.0))
