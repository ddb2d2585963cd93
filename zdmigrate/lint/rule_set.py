"""The rules as a path has them: with the severities of the configuration and of its overrides."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import ConfigError
from zdmigrate.lint.match import Matcher
from zdmigrate.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zdmigrate.config import Config, Override
    from zdmigrate.lint.rule import Rule


class RuleSet(NamedTuple):
    """The rules that hold for a file; those that are off have words, and are never raised."""

    rules: Mapping[str, Rule]
    off: frozenset[str]
    matcher: Matcher


class RuleSets:
    """A rule set for each path. Paths under the same overrides share one, since making it costs more than a file."""

    def __init__(self, rules: Sequence[Rule], config: Config) -> None:
        self._rules = rules
        self._severity = config.lint.severity
        self._overrides = config.lint.overrides
        self._root = os.path.dirname(os.path.abspath(config.path or "x"))
        self._made: dict[tuple[Override, ...], RuleSet] = {}
        check_severities(config, [rule.name for rule in rules])

    def for_path(self, path: str) -> RuleSet:
        """The rules for this path, as seen from the working directory."""
        overrides = self._overrides and tuple(found for found in self._overrides if self._is_meant(path, found))
        if overrides not in self._made:
            self._made[overrides] = self._with(overrides)
        return self._made[overrides]

    def _is_meant(self, path: str, override: Override) -> bool:
        seen = os.path.relpath(path, self._root).replace(os.sep, "/")
        return any(fnmatchcase(seen, f"{glob}*" if glob.endswith("/") else glob) for glob in override.paths)

    def _with(self, overrides: Sequence[Override]) -> RuleSet:
        """A later override wins over an earlier one, as later lines do everywhere."""
        severity = dict(self._severity)
        for override in overrides:
            severity |= override.severity
        rules = {
            rule.name: rule.changed(severity=severity[rule.name]) if rule.name in severity else rule
            for rule in self._rules
        }
        off = frozenset(rule.name for rule in rules.values() if rule.severity == "off")
        return RuleSet(rules, off, Matcher(rule for rule in rules.values() if rule.name not in off))


def check_severities(config: Config, known: Sequence[str]) -> None:
    """ConfigError for the first rule of the configuration that does not exist."""
    check_rule_names(config.lint.severity, known, "[lint.severity]")
    for override in config.lint.overrides:
        check_rule_names(override.severity, known, "[[lint.overrides]]")


def check_rule_names(names: Iterable[str], known: Sequence[str], where: str) -> None:
    """ConfigError for the first that is no rule; it begins with ``where``."""
    for name in names:
        if name not in known:
            raise ConfigError(f"{where}: no rule {name}", hint=did_you_mean(name, known))
