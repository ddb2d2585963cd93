"""Runners as processes of their own, to be killed and stopped: forked from one that has imported everything.

Each is a real process with a pid; what is saved is the start of Python, a hundred times over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

# Reads an order a line; forks; answers with the pid, and then with what waitpid says.
_FORGE = """
import json, os, sys
from zdmigrate.cli import apply, init, ready, revert
from zdmigrate.cli.main import run
import psycopg, zdmigrate.run.expand, zdmigrate.run.contract, zdmigrate.run.revert, zdmigrate.run.lease

def work(order):
    os.environ.update(order["environment"])
    for name, value in order["lease"].items():
        setattr(zdmigrate.run.lease, name, value)
    with open(order["log"], "wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    code = 70
    try:
        code = run(order["arguments"])
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if not pid:
        work(order)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass
class Runner:
    """One process that runs one command line; ``code`` is there when it has ended: negative for a signal."""

    log: Path
    pid_known: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    pid: int = 0
    code: int = 0

    def known_pid(self) -> int:
        assert self.pid_known.wait(30)
        return self.pid

    def wait(self, seconds: float = 60) -> int:
        assert self.ended.wait(seconds), f"it still runs: {self.text}"
        return self.code

    @property
    def text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


class Forge:
    """Starts runners, one after another; two at once need two forges."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _FORGE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def start(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        lease: Mapping[str, float] | None = None,
    ) -> Runner:
        """A process that runs ``zdmigrate ARGUMENTS``; ``lease`` sets constants of run/lease.py in it."""
        self.count += 1
        log = self.folder / f"{id(self)}-{self.count}.log"
        order = {"arguments": arguments, "environment": environment or {}, "log": str(log), "lease": lease or {}}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        runner = Runner(log)
        threading.Thread(target=self._follow, args=(runner,), daemon=True).start()
        return runner

    def run(self, *arguments: str) -> Runner:
        """The same, and wait for its end."""
        runner = self.start(*arguments)
        runner.wait()
        return runner

    def _follow(self, runner: Runner) -> None:
        assert self.process.stdout
        runner.pid = int(self.process.stdout.readline())
        runner.pid_known.set()
        runner.code = int(self.process.stdout.readline())
        runner.ended.set()
