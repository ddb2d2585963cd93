"""Label selectors in kubectl's words, applied to the labels of a pod's template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = r"[A-Za-z0-9./_-]+"
_SET = re.compile(rf"(?P<key>{_KEY})\s+(?P<how>in|notin)\s+\((?P<values>[^)]*)\)")
_EQUAL = re.compile(rf"(?P<key>{_KEY})\s*(?P<how>==|=|!=)\s*(?P<values>[A-Za-z0-9._-]*)")
_HAS = re.compile(rf"(?P<how>!?)\s*(?P<key>{_KEY})")


class Requirement(NamedTuple):
    """One part of a selector: a key, and the values that it must have, or must not have; None for any value."""

    key: str
    values: frozenset[str] | None
    wanted: bool

    def fits(self, labels: Mapping[str, str]) -> bool:
        if self.values is None:
            return (self.key in labels) is self.wanted
        return (labels.get(self.key) in self.values) is self.wanted


def parse_selector(text: str) -> tuple[Requirement, ...]:
    """``app=shop,tier in (web, worker),!canary``. Raises ConfigError for anything else, and for a selector of all."""
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)]
    return tuple(_requirement(part, text) for part in parts)


def _requirement(part: str, text: str) -> Requirement:
    if found := _SET.fullmatch(part):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return Requirement(found["key"], values, found["how"] == "in")
    if found := _EQUAL.fullmatch(part):
        return Requirement(found["key"], frozenset([found["values"]]), found["how"] != "!=")
    if found := _HAS.fullmatch(part):
        return Requirement(found["key"], None, not found["how"])
    raise ConfigError(f"{text!r} is no label selector", hint="write it as for kubectl: app=shop,tier in (web, worker)")


def fits(requirements: tuple[Requirement, ...], labels: Mapping[str, str]) -> bool:
    """Whether an object with these labels is selected."""
    return all(requirement.fits(labels) for requirement in requirements)
