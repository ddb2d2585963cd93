"""Whether a rule's matches fit what is known of an operation: equality, one of several, or a glob on a name."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zdmigrate.lint.rule import Rule

    Facts = Mapping[str, str | int | bool]
    Plain = tuple[tuple[str, str | int | bool], ...]


# What speaks of the operation itself; the other categories are about what stands around it, or taste.
_OF_THE_OPERATION = ("compatibility", "locking", "data")


class Matcher:
    """Rules by the operations they speak of: a file of a thousand INSERTs asks none about columns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_operation: dict[str, list[tuple[Rule, Plain, Mapping[str, Any]]]] = defaultdict(list)
        for rule in rules:
            for match in rule.matches:
                for operation in _choices(match.get("operation", "*")):
                    plain, others = _sorted(match)
                    if _is_glob(operation):
                        every = {} if operation == "*" else {"operation": operation}
                        self._by_operation["*"].append((rule, plain, {**others, **every}))
                    else:
                        self._by_operation[operation].append((rule, plain, others))

    def rules_for(self, facts: Facts) -> list[Rule]:
        """The rules that match, each once; a fallback only where nothing says more about the operation."""
        operation = str(facts["operation"])
        candidates = (*self._by_operation.get(operation, ()), *self._by_operation.get("*", ()))
        found = {
            rule.name: rule for rule, plain, others in candidates if _equal(plain, facts) and matches(others, facts)
        }
        answered = any(_answers(rule) for rule in found.values())
        return [rule for rule in found.values() if not (rule.fallback and answered)]


def _answers(rule: Rule) -> bool:
    """Whether a fallback yields to it. A hint is too quiet to stand for an error."""
    return not rule.fallback and rule.category in _OF_THE_OPERATION and rule.severity in ("error", "warning")


def _sorted(match: Mapping[str, Any]) -> tuple[Plain, dict[str, Any]]:
    """The keys of a match that are equal or not, and those with choices and globs; its operation apart."""
    keys = {key: wanted for key, wanted in match.items() if key != "operation"}
    plain = {
        key: wanted
        for key, wanted in keys.items()
        if not isinstance(wanted, list) and not (isinstance(wanted, str) and _is_glob(wanted))
    }
    return tuple(plain.items()), {key: wanted for key, wanted in keys.items() if key not in plain}


def _equal(plain: Plain, facts: Facts) -> bool:
    """Most candidates fail at the first fact: it is asked for without a call."""
    for key, wanted in plain:
        fact = facts.get(key)
        if fact is not wanted and (fact != wanted or type(fact) is not type(wanted)):
            return False
    return True


def matches(match: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every key of the match fits. A fact that the operation does not have fits nothing."""
    for key, wanted in match.items():  # noqa: SIM110 - all() of a generator takes twice as long
        if key not in facts or not _fits(facts[key], wanted):
            return False
    return True


def _choices(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _fits(fact: str | int | bool, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return fact is wanted  # 1 is not true
    if isinstance(wanted, list):
        return any(_fits(fact, choice) for choice in wanted)
    if wanted == "?*":  # anything but nothing, which most globs are
        return isinstance(fact, str) and fact != ""
    if isinstance(wanted, str) and _is_glob(wanted):
        from fnmatch import fnmatchcase

        return isinstance(fact, str) and fnmatchcase(fact, wanted)
    return type(fact) is type(wanted) and fact == wanted


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text
