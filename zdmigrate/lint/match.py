"""Whether a rule's matches fit what is known of an operation: equality, one of several, or a glob on a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zdmigrate.lint.rule import Rule

    Facts = Mapping[str, str | int | bool]
    Situation = tuple[str | int | bool | None, ...]

# Few values between them, in a history of thousands of operations.
COMMON = ("operation", "section", "in_transaction")


# What speaks of the operation itself; the other categories are about what stands around it, or taste.
_OF_THE_OPERATION = ("compatibility", "locking", "data")


class Matcher:
    """Rules by the operations and situations they speak of: a file of a thousand INSERTs asks none about columns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_situation: dict[Situation, list[tuple[Rule, Mapping[str, Any]]]] = {}

    def rules_for(self, facts: Facts) -> list[Rule]:
        """The rules that match, each once; a fallback only where nothing says more about the operation."""
        situation = tuple(map(facts.get, COMMON))
        if situation not in self._by_situation:
            self._by_situation[situation] = list(self._about(situation))
        found = {rule.name: rule for rule, match in self._by_situation[situation] if matches(match, facts)}
        answered = any(_answers(rule) for rule in found.values())
        return [rule for rule in found.values() if not (rule.fallback and answered)]

    def _about(self, situation: Situation) -> Iterator[tuple[Rule, Mapping[str, Any]]]:
        """The matches that fit a situation, and what else they ask for."""
        common: dict[str, Any] = dict(zip(COMMON, situation, strict=True))
        for rule in self._rules:
            for match in rule.matches:
                if matches({key: wanted for key, wanted in match.items() if key in COMMON}, common):
                    yield rule, {key: wanted for key, wanted in match.items() if key not in COMMON}


def _answers(rule: Rule) -> bool:
    """Whether a fallback yields to it. A hint is too quiet to stand for an error."""
    return not rule.fallback and rule.category in _OF_THE_OPERATION and rule.severity in ("error", "warning")


def matches(match: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every key of the match fits. A fact that the operation does not have fits nothing."""
    for key, wanted in match.items():  # noqa: SIM110 - all() of a generator takes twice as long
        if key not in facts or not _fits(facts[key], wanted):
            return False
    return True


def _fits(fact: str | int | bool, wanted: Any) -> bool:
    if type(fact) is type(wanted) and fact == wanted:  # 1 is not true
        return True
    if isinstance(wanted, list):
        return any(_fits(fact, choice) for choice in wanted)
    if wanted == "?*":  # anything but nothing, which most globs are
        return isinstance(fact, str) and fact != ""
    if isinstance(wanted, str) and _is_glob(wanted):
        from fnmatch import fnmatchcase

        return isinstance(fact, str) and fnmatchcase(fact, wanted)
    return False


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text
