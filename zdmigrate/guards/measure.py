"""A guard's number, asked for now: what a command prints, or what Prometheus answers to a query."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from zdmigrate.fetch import Unanswered, get, place, secret

if TYPE_CHECKING:
    from zdmigrate.config import Guard


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
    named = place(guard.prometheus)
    url = f"{guard.prometheus.rstrip('/')}/api/v1/query?{urlencode({'query': guard.query})}"
    try:
        token = secret(guard.token, "its token") if guard.token else ""
        body: dict[str, Any] = json.loads(get(url, named=named, seconds=guard.time_limit.seconds, token=token))
        data = body["data"]
        series = [data["result"]] if data["resultType"] == "scalar" else [each["value"] for each in data["result"]]
        numbers = [str(value) for _, value in series]
    except Unanswered as error:
        raise Unmeasured(str(error)) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unmeasured(f"{named} does not answer as Prometheus does") from None
    if len(numbers) != 1:
        raise Unmeasured(f"its query has {len(numbers)} series for an answer, not one")
    return _number(numbers, "what Prometheus answers")


def _number(words: list[str], what: str) -> float:
    try:
        return float(words[0])
    except (ValueError, IndexError):
        raise Unmeasured(f"{what} is no number") from None
