"""A guard's number, asked for now: what a command prints, or what Prometheus answers to a query."""

from __future__ import annotations

import http.client
import json
import math
import os
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from zdmigrate.redact import redact

if TYPE_CHECKING:
    from zdmigrate.config import Guard

MOST = 1024 * 1024  # bytes of an answer that are read


class Unmeasured(Exception):
    """The number is not to be had; the text says why. Whoever asked takes it for the worst."""


def measure(guard: Guard) -> float:
    """The guard's number now. Raises Unmeasured for everything else, NaN among it, within the guard's time limit."""
    value = _printed(guard) if guard.command else _answered(guard)
    if math.isnan(value):
        raise Unmeasured("it is NaN: is there any traffic? In PromQL, end the query with: > 0 or vector(0)")
    return value


def _printed(guard: Guard) -> float:
    """The last word that the command prints. Its words are a list; no shell is asked."""
    pipe = subprocess.PIPE
    name = guard.command[0]
    try:
        process = subprocess.Popen(
            guard.command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise Unmeasured(f"{name}: {error.strerror}") from None
    with process:
        try:
            out, _ = process.communicate(timeout=guard.time_limit.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with all that it has started: a child would hold the pipe open
            raise Unmeasured(f"{name} did not end within {guard.time_limit}, and was killed") from None
    if process.returncode:
        raise Unmeasured(f"{name} exited with {process.returncode}")
    return _number(out.decode("utf-8", "replace").split()[-1:], f"what {name} prints")


def _answered(guard: Guard) -> float:
    """Prometheus' instant query (its HTTP API, /api/v1/query)."""
    url = f"{guard.prometheus.rstrip('/')}/api/v1/query?{urllib.parse.urlencode({'query': guard.query})}"
    request = urllib.request.Request(url, headers=_headers(guard))  # noqa: S310 - the config lets http and https pass
    try:
        with urllib.request.urlopen(request, timeout=guard.time_limit.seconds) as answer:  # noqa: S310 - as above
            body: dict[str, Any] = json.loads(answer.read(MOST))
        data = body["data"]
        series = [data["result"]] if data["resultType"] == "scalar" else [each["value"] for each in data["result"]]
    except urllib.error.HTTPError as error:
        error.close()
        raise Unmeasured(f"{redact(guard.prometheus)} answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        raise Unmeasured(f"{redact(guard.prometheus)}: {getattr(error, 'reason', error)}") from None
    except (ValueError, KeyError, TypeError):
        raise Unmeasured(f"{redact(guard.prometheus)} does not answer as Prometheus does") from None
    if len(series) != 1:
        raise Unmeasured(f"its query has {len(series)} series for an answer, not one")
    return _number([series[0][1]], "what Prometheus answers")


def _headers(guard: Guard) -> dict[str, str]:
    if not guard.token:
        return {}
    value = os.environ.get(guard.token)
    if not value:
        raise Unmeasured(f"the variable {guard.token}, which holds its token, is not set")
    return {"Authorization": f"Bearer {value}"}


def _number(words: list[str], what: str) -> float:
    try:
        return float(words[0])
    except (ValueError, IndexError):
        raise Unmeasured(f"{what} is no number") from None
