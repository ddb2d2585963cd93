"""Tells a deploy system what the guards say: a POST of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zdmigrate.fetch import Unanswered, post, secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.config import Rollout

TIMEOUT = 10.0  # seconds
TRIES = 3


class Untold(Exception):
    """Nobody has heard the verdict; the text says why."""


def tell(rollout: Rollout, message: Mapping[str, Any]) -> None:
    """POST ``message`` to the webhook, where one is configured, three times at most. Raises Untold.

    An answer of 3xx or 4xx is not asked again: it would be the same. The URL may be a secret, and is told to nobody.
    """
    body = json.dumps(message).encode()
    for remaining in reversed(range(TRIES if rollout.webhook else 0)):
        try:
            token = secret(rollout.webhook_token, "the webhook's token") if rollout.webhook_token else ""
            post(rollout.webhook, body, named="the webhook", seconds=TIMEOUT, token=token)
            return
        except Unanswered as error:
            if not remaining or (error.status or 500) < 500:
                raise Untold(str(error)) from None
