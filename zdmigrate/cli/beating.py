"""The loop of ``zdmigrate live beat``: beats for an instance that cannot beat itself, until a signal ends it."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from zdmigrate.cli.ledger_session import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.cli.options import Console
    from zdmigrate.sdk import Heartbeat

INTERRUPTED = 130
LOOK_EVERY = 0.1  # seconds between looks at what the beating thread has heard


def keep_beating(heartbeat: Heartbeat, console: Console) -> int:
    """Beat until SIGTERM (goodbye, 0), Ctrl-C (goodbye, 130), or until the version is retired (1).

    Retired, it ends without a goodbye: it does not know that the application it beats for has stopped. Raises
    DatabaseError if the first beat is refused; one that gets no answer is tried again, for ever.
    """
    logging.getLogger("zdmigrate.sdk").addHandler(logging.NullHandler())  # what it logs is told below
    code = 0
    try:
        with _terminated() as terminated, heartbeat:
            for _ in _news(heartbeat, console, terminated):
                if heartbeat.retired.is_set():
                    heartbeat.stop(goodbye=False)
                    console.result(f"{heartbeat.app} {heartbeat.version}: retired")
                    console.say("A contract has begun that this version does not know: stop the instance.")
                    return 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    console.say(f"{heartbeat.instance} said goodbye")
    return code


def _news(heartbeat: Heartbeat, console: Console, terminated: threading.Event) -> Iterator[None]:
    """Tell each change of what the database answers, once."""
    told: tuple[str, str] | None = None
    while not terminated.wait(LOOK_EVERY):
        error, status = heartbeat.error, heartbeat.status
        if isinstance(error, psycopg.ProgrammingError) and status == "unknown":
            heartbeat.stop(goodbye=False)
            raise explain(error)
        news = (status, "" if error is None else " ".join(str(error).split()))
        if news not in (told, ("unknown", "")):
            told = news
            _tell(heartbeat, console, *news)
        yield


def _tell(heartbeat: Heartbeat, console: Console, status: str, error: str) -> None:
    if error:
        console.warn(f"no answer, trying again every {heartbeat.every:g} s: {error}")
    elif status == "ok":
        console.say(f"{heartbeat.instance} beats for {heartbeat.app} {heartbeat.version} every {heartbeat.every:g} s")


@contextmanager
def _terminated() -> Iterator[threading.Event]:
    """An event that SIGTERM sets."""
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)
