"""What lint found, in one format a file: a file here named F is what ``--format F`` prints."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from zdmigrate.lint.finding import LintResult
    from zdmigrate.lint.rule import Rule

DEFAULT = "text"


class View(NamedTuple):
    """How a result is to be shown. A format takes from it what it has a use for."""

    colour: bool = False
    effects: bool = False
    fail_on: str = "error"
    root: str = os.curdir  # from where services see paths: the top of the checkout
    rules: Callable[[], Sequence[Rule]] = tuple  # all rules in full, read only by who shows them
    old: Collection[str] = ()  # paths whose findings are counted by rule, and not told one by one
    advice: Sequence[str] = ()  # lines to type where there are such paths


def formats() -> tuple[str, ...]:
    """The formats by name, the one for people first."""
    names = [name[:-3] for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".py")]
    return (DEFAULT, *sorted(name for name in names if name not in ("__init__", DEFAULT)))


def render(name: str, result: LintResult, view: View) -> str:
    """The report in a format, without a newline at its end."""
    report: str = import_module(f"zdmigrate.report.{name}").render(result, view)
    return report
