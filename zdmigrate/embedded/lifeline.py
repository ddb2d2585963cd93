"""A server that dies with the process that started it, whatever kills that process."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import warnings
from typing import IO, TYPE_CHECKING

from zdmigrate.embedded.account import Account, run_as
from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: IO[bytes], account: Account | None
) -> subprocess.Popen[bytes]:
    """Start a server as ``account``, in ``folder``, in a session of its own: the terminal's Ctrl-C is not for it."""
    with warnings.catch_warnings():
        # Python 3.12 warns that a process with threads forks; the child calls prctl and exec, and takes no lock.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=dies_with_parent(), **run_as(account),
        )  # fmt: skip


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
