"""Tells a deploy system what the guards say: a POST of JSON."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from zdmigrate.redact import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.config import Rollout

TIMEOUT = 10.0  # seconds
TRIES = 3


class Untold(Exception):
    """Nobody has heard the verdict; the text says why."""


def post(rollout: Rollout, message: Mapping[str, Any]) -> None:
    """POST ``message`` to the webhook, where one is configured, three times at most. Raises Untold.

    An answer of 4xx is not asked again: it would be the same. The URL's path may be a secret, and is told to nobody.
    """
    for remaining in reversed(range(TRIES if rollout.webhook else 0)):
        try:
            _post(rollout, message)
            break
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 or not remaining:
                raise Untold(f"the webhook answers {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            if not remaining:
                raise Untold(f"the webhook: {redact(str(getattr(error, 'reason', error)))}") from None


def _post(rollout: Rollout, message: Mapping[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    if rollout.webhook_token:
        token = os.environ.get(rollout.webhook_token)
        if not token:
            raise Untold(f"the variable {rollout.webhook_token}, which holds the webhook's token, is not set")
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(message).encode()
    request = urllib.request.Request(rollout.webhook, body, headers)  # noqa: S310 - the config lets http and https pass
    with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - as above
        pass
