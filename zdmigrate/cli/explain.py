"""``zdmigrate explain``: what a rule means, why it is one, and what to do instead."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import Console, common
from zdmigrate.errors import UsageError
from zdmigrate.lint.rule import in_general, told_severity
from zdmigrate.lint.rules import read_rules
from zdmigrate.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.config import Config
    from zdmigrate.lint.rule import Example, Rule


@click.command()
@click.argument("rule")
@common(formats=("text",))
def command(rule: str, config: Config, console: Console) -> None:
    """Say what RULE means, why, and what to do instead; RULE is a name or an id.

    \b
    Examples:
      zdmigrate explain set-not-null-scan
      zdmigrate explain ZD104
    """
    rules = read_rules(config.lint.rules)
    found = [known for known in rules if rule.casefold() in (known.name, known.id.casefold())]
    if not found:
        raise UsageError(f"no rule {rule}", hint=did_you_mean(rule, [known.name for known in rules]))
    console.result("\n\n".join(_told(found[0])))


def _told(rule: Rule) -> Iterator[str]:
    yield f"{rule.name} ({rule.id}, {told_severity(rule)}, {rule.category})\n{rule.title}"
    yield f"message: {in_general(rule.message)}"
    yield f"why: {in_general(rule.why)}"
    yield f"instead: {in_general(rule.instead)}"
    for variant in rule.variants:
        where = " and ".join(f"{fact} is {str(wanted).lower() or 'empty'}" for fact, wanted in variant["match"].items())
        yield f"instead, where {where}: {in_general(variant['instead'])}"
    for example in rule.examples:
        yield from _example(example)
    yield f"to allow it once: -- zdmigrate: allow {rule.name} because …"


def _example(example: Example) -> Iterator[str]:
    parts = {"given": (example.given,), "bad": (example.bad,), "good": example.good}
    told = [f"{word}:\n{indent(_joined(sql), '  ')}" for word, sql in parts.items() if any(sql)]
    yield "\n".join([f"example{': ' + example.title if example.title else ''}", *told])


def _joined(statements: tuple[str, ...]) -> str:
    return "\n".join(dedent(statement).strip() for statement in statements)
