"""Whether a rule's matches fit what is known of an operation: equality, one of several, or a glob on a name."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema.fact_table import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from zdmigrate.lint.rule import Rule

    Facts = Mapping[str, str | int | bool]
    Common = tuple[str | int | bool, ...]
    _Choices = tuple[str | int | bool, ...]
    # What a match of a rule, told by its number, still asks for: facts, and what each may be.
    _Condition = tuple[str, _Choices]
    _Asked = tuple[int, Sequence[_Condition]]

# Few values between them, in a history of thousands of operations.
COMMON = ("operation", "section", "in_transaction")


# What speaks of the operation itself; the other categories are about what stands around it, or taste.
_OF_THE_OPERATION = ("compatibility", "locking", "data")


class Matcher:
    """Rules by the operations and situations they speak of: a file of a thousand INSERTs asks none about columns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._about: dict[Common, Sequence[_Asked]] = {}
        self._by_situation: dict[tuple[Common, frozenset[str]], _Step] = {}

    def rules_for(self, facts: Facts, settled: frozenset[str] = frozenset()) -> Sequence[Rule]:
        """The rules that match, each once; a fallback only where nothing says more about the operation.

        The ``settled`` facts are at their defaults: no rule asks for them, and most operations are then asked nothing.
        """
        common = (facts["operation"], facts["section"], facts["in_transaction"])
        first = self._by_situation.get((common, settled))
        if first is None:
            first = self._by_situation[common, settled] = _steps(list(self._still_open(common, settled)))
        if first is _NOTHING:
            return ()
        numbers: list[int] = []
        _follow(first, facts, numbers)
        if not numbers:
            return ()
        found = [self._rules[number] for number in sorted(set(numbers))]
        answered = any(_answers(rule) for rule in found)
        return [rule for rule in found if not (rule.fallback and answered)]

    def _still_open(self, common: Common, settled: frozenset[str]) -> Iterator[_Asked]:
        """The matches that the settled facts fit, and what those ask for besides."""
        if common not in self._about:
            self._about[common] = list(self._speaking_of(common))
        for rule, conditions in self._about[common]:
            if all(_test(choices)(DEFAULTS[fact]) for fact, choices in conditions if fact in settled):
                yield rule, [condition for condition in conditions if condition[0] not in settled]

    def _speaking_of(self, common: Common) -> Iterator[_Asked]:
        """The matches that fit what is common, and what else they ask for."""
        given = dict(zip(COMMON, common, strict=True))
        for number, rule in enumerate(self._rules):
            for match in rule.matches:
                if matches({key: wanted for key, wanted in match.items() if key in COMMON}, given):
                    yield number, [(key, _choices(key, wanted)) for key, wanted in match.items() if key not in COMMON]


def _answers(rule: Rule) -> bool:
    """Whether a fallback yields to it. A hint is too quiet to stand for an error."""
    return not rule.fallback and rule.category in _OF_THE_OPERATION and rule.severity in ("error", "warning")


def matches(match: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every key of the match fits. A fact that the operation does not have fits nothing."""
    return all(key in facts and _test(_choices(key, wanted))(facts[key]) for key, wanted in match.items())


def _choices(fact: str, wanted: Any) -> _Choices:
    """What the fact may be. Of another type it never is: 1 is not true."""
    kind = type(DEFAULTS.get(fact, ""))
    return tuple(choice for choice in (wanted if isinstance(wanted, list) else (wanted,)) if type(choice) is kind)


@cache
def _test(choices: _Choices) -> Callable[[Any], bool]:
    """Whether a fact is one of them."""
    if choices == ("?*",):  # anything but nothing, which most globs are
        return bool
    if not any(isinstance(choice, str) and _is_glob(choice) for choice in choices):
        return frozenset(choices).__contains__
    from fnmatch import fnmatchcase

    return lambda name: any(fnmatchcase(name, str(choice)) for choice in choices)


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text


# --------------------------------------------------------------------------- what several matches ask is asked once


class _Step(NamedTuple):
    """The rules of which nothing more is asked, and for the others a fact, what it has to be, and what then."""

    rules: Sequence[int]
    questions: Sequence[tuple[str, Callable[[Any], bool], _Step]]


_NOTHING = _Step((), ())


def _steps(asked: Sequence[_Asked]) -> _Step:
    """The question that most of them share is the first: where it does not fit, none of them asks another."""
    if not asked:
        return _NOTHING
    questions = []
    rest = [match for match in asked if match[1]]
    while rest:
        shared = Counter(condition for _, conditions in rest for condition in conditions)
        first = max(shared, key=shared.__getitem__)  # as written, of those that are shared as often
        fitting = [(rule, _without(first, conditions)) for rule, conditions in rest if first in conditions]
        questions.append((first[0], _test(first[1]), _steps(fitting)))
        rest = [match for match in rest if first not in match[1]]
    return _Step([rule for rule, conditions in asked if not conditions], questions)


def _without(condition: _Condition, conditions: Sequence[_Condition]) -> list[_Condition]:
    return [other for other in conditions if other != condition]


def _follow(step: _Step, facts: Facts, fitting: list[int]) -> None:
    fitting += step.rules
    for fact, fits, then in step.questions:
        if fits(facts[fact]):
            _follow(then, facts, fitting)
