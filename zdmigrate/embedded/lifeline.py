"""A server that dies with the process that started it, whatever kills that process."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def dies_with_parent() -> Callable[[], None] | None:
    """What the child has to call between fork and exec; None where the kernel offers nothing (not Linux).

    Without it a server outlives ``kill -9`` of its parent: init adopts it, and it keeps its port and memory.
    SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, no waiting for clients.
    """
    if not sys.platform.startswith("linux"):
        return None
    refuse_other_threads()
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew whom to watch
            os._exit(1)

    return ask_the_kernel


def refuse_other_threads() -> None:
    """The kernel watches the thread that forked, not the process: the server would end with that thread."""
    if threading.current_thread() is not threading.main_thread():
        raise DatabaseError(
            "An embedded server has to be started from the main thread: Linux ends it together with the thread "
            "that started it.",
            state="No server was started.",
        )
