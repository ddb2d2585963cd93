"""``zdmigrate rules``: all rules, with the severities that the configuration gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import Console, common
from zdmigrate.lint.rule_set import check_severities
from zdmigrate.lint.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.rule import Rule


@click.command()
@common()
def command(config: Config, console: Console) -> None:
    """List all rules: id, name, severity, category and title.

    Severities are those of your configuration; a rule that is off says nothing until it is given another.

    \b
    Example:
      zdmigrate rules
    """
    known = load_rules(config.lint.rules)
    check_severities(config, [rule.name for rule in known])
    rules = [rule.changed(severity=config.lint.severity.get(rule.name, rule.severity)) for rule in known]
    if console.is_json:
        fields = ("id", "name", "severity", "category", "title", "recipe")
        console.json({"version": 1, "rules": [{field: getattr(rule, field) for field in fields} for rule in rules]})
    else:
        console.result("\n".join(_table(rules)))


def _table(rules: Sequence[Rule]) -> Iterator[str]:
    name, severity, category = (
        max(len(getattr(rule, field)) for rule in rules) for field in ("name", "severity", "category")
    )
    for rule in sorted(rules, key=lambda rule: rule.id):
        yield f"{rule.id}  {rule.name:{name}}  {rule.severity:{severity}}  {rule.category:{category}}  {rule.title}"
    if any(rule.severity == "off" for rule in rules):
        yield '\nA rule that is off is turned on by another severity: RULE = "hint" under [lint.severity].'
