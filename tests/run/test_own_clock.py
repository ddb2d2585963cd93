"""The runner's own clock: no time in the ledger, no lease and no gate goes by it."""

from __future__ import annotations

import ast
from pathlib import Path

import zdmigrate

ROOT = Path(zdmigrate.__file__).parent
ROOMS = ("plan", "ledger", "live", "run", "sdk", "alembic", "serve", "guards")
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
ALLOWED = {"live/sources/file.py"}  # a file's age is by the clock that stamped the file


def test_no_module_that_writes_or_judges_asks_the_machines_own_clock() -> None:
    """Waits go by the monotonic clock, which nobody sets; all else by the server's clock_timestamp()."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    asking = {str(file.relative_to(ROOT)) for file in files if asks(ast.parse(file.read_text()))}
    assert asking == ALLOWED


def asks(module: ast.Module) -> bool:
    """Whether it names the wall clock, or imports what would hide its name."""
    names = {ast.unparse(node) for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return bool(WALL & (names | imported)) or any(name.removeprefix("datetime.") in WALL for name in names)
