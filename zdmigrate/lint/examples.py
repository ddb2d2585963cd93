"""A rule's own examples, linted: bad gives the finding, and good does not."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.config import Config
from zdmigrate.errors import InputError
from zdmigrate.lint.engine import lint_changes
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.lint.rule import Example, Rule


class Shown(NamedTuple):
    """One example of a rule; ``title`` is its own, or its number from 1."""

    rule: Rule
    title: str
    example: Example


def examples_of(rules: Sequence[Rule]) -> Iterator[Shown]:
    for rule in rules:
        for number, example in enumerate(rule.examples, 1):
            yield Shown(rule, example.title or str(number), example)


def problem_of(shown: Shown, rules: Sequence[Rule], postgres: int) -> str:
    """What linting says against an example; empty where it holds. ``rules`` are all that are in force."""
    name, example = shown.rule.name, shown.example
    try:
        bad = found(example, script(example.bad), rules, postgres)
        good = found(example, script(*example.good), rules, postgres) if example.good else []
    except InputError as error:
        return error.sentence
    if name not in bad:
        return "bad does not give the finding"
    if name in good:
        return "good gives the finding, too"
    return "good has an error of syntax" if "syntax-error" in good else ""


def found(example: Example, sql: str, rules: Sequence[Rule], postgres: int) -> list[str]:
    """The rules that are raised for ``sql`` as a change after ``given``, those that are off among them."""
    marker = f"-- zdmigrate: {example.section}\n" if example.section else ""
    history = [read_change("given.sql", example.given)] if example.given.strip() else []
    changes = [*history, read_change("change.sql", marker + sql)]
    on = [rule.changed(severity="hint") if rule.severity == "off" else rule for rule in rules]
    result = lint_changes(changes, Config(postgres=postgres), on, reported={"change.sql"})
    return [finding.rule for finding in result.findings]


def script(*parts: str) -> str:
    """The statements of an example as a file's text."""
    return "\n".join(map(dedent, parts))
