"""``zdmigrate live beat -- COMMAND``: starts a command, beats for as long as it runs, and passes signals on to it."""

from __future__ import annotations

import logging
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.sdk import Heartbeat

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
LOOK_EVERY = 0.2  # seconds between looks at whether the version was retired


def beat_while(heartbeat: Heartbeat, command: Sequence[str], console: Console) -> int:
    """Run ``command`` and beat until it has ended, then say goodbye; its exit code, 128 + N if signal N ended it.

    A retired version's command is sent SIGTERM, once. That the database does not answer neither keeps the command
    from starting nor ends it.
    """
    logging.getLogger("zdmigrate.sdk").addHandler(logging.NullHandler())  # the command's output is its own
    try:
        process = subprocess.Popen(command)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be started: {error.strerror}", hint="name a program after --") from None
    with _passed_on(process), heartbeat:
        told = False
        while process.poll() is None:
            try:
                process.wait(LOOK_EVERY)
            except subprocess.TimeoutExpired:
                if heartbeat.retired.is_set() and not told:
                    told = True
                    console.warn(f"{heartbeat.app} {heartbeat.version} is retired: {command[0]} is told to stop")
                    process.terminate()
    code = process.returncode
    return code if code >= 0 else 128 - code


@contextmanager
def _passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Signals that a container's or a service's manager sends go to the command; it decides what they mean."""
    before = {number: signal.signal(number, lambda got, _: process.send_signal(got)) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
