"""The version in a migration's name, as the tools that number their files read it."""

from __future__ import annotations

import os


def number_of(name: str) -> int | None:
    """The number that a file's name begins with: ``db/0012_users.up.sql`` -> 12; None without one."""
    digits = leading_digits(os.path.basename(name))
    return int(digits) if digits else None


def leading_digits(name: str) -> str:
    """``0012_users`` -> ``0012``. Only 0 to 9: str.isdigit knows many more."""
    return name[: len(name) - len(name.lstrip("0123456789"))]
