"""Programs that pretend to be PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def pretend(root: Path, version: str) -> Path:
    """A tree whose postgres can only say its version."""
    (root / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = root / "bin" / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return root
