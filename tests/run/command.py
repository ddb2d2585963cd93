"""Runs one command line in this process, as the console script would, and keeps what it printed."""

from __future__ import annotations

import contextlib
import io
from typing import NamedTuple

from zdmigrate.cli.main import run


class Printed(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def zdmigrate(*arguments: str) -> Printed:
    """Exit code, stdout and stderr of ``zdmigrate ARGUMENTS``."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            code = run(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Printed(code, out.getvalue(), err.getvalue())
