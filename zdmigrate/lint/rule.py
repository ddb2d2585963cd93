"""A rule as a value: its words, what it matches, and the examples that prove it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

# What only the engine can see: these have words, and no [[match]].
ENGINE_RULES = ("syntax-error", "unused-allow", "unknown-allow", "runs-on-in-psql", "same-release-drop")


class Example(Value):
    """SQL that a test executes: after ``given``, ``bad`` gives the finding, and each of ``good`` does not."""

    bad: str
    given: str = ""
    good: tuple[str, ...] = ()
    breaks: str = ""  # works before, fails after bad, works after good
    section: str = ""
    released: str = ""  # a SQL file of the previous release
    title: str = ""


class Rule(Value):
    """A rule. ``matches`` are "or"; the keys inside one are "and", each a value or several to choose from."""

    id: str
    name: str
    title: str
    severity: str  # off: not raised unless the configuration gives it another
    category: str
    message: str
    instead: str
    why: str = ""
    variants: tuple[Mapping[str, Any], ...] = ()  # another ``instead``, for where the facts beside it hold
    recipe: str | None = None
    dialects: tuple[str, ...] = ("postgres",)
    fallback: bool = False  # raised only where no other rule matches the operation
    matches: tuple[Mapping[str, Any], ...] = ()
    examples: tuple[Example, ...] = ()


def told_severity(rule: Rule) -> str:
    """``error``; of a rule that is off, what turns it on."""
    if rule.severity != "off":
        return rule.severity
    return f'off by default: turn on with `{rule.name} = "hint"` under `[lint.severity]`'


def in_general(text: str) -> str:
    """``{new_name}`` as NEW_NAME: so a manual writes what its reader has to put in."""
    return re.sub(r"\{([a-z_]+)\}", lambda place: place[1].upper(), text)
