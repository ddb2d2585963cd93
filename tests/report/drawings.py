"""Drawings: what a person or a program reads, committed in golden/ and compared.

``UPDATE_GOLDEN=1 pytest tests/report`` draws them anew; look at the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_drawn(name: str, text: str) -> None:
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8", newline="\n")
    assert golden.read_text("utf-8") == text
