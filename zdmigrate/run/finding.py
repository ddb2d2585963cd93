"""What a look at the database found, before anything is run."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Health(StrEnum):
    """How a check came out."""

    GOOD = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One check's answer; a problem stops a run, a warning slows it or limits the promise."""

    health: Health
    sentence: str
    hint: str = ""
