"""``zdmigrate rules``: all rules, the facts that they may name, and a check of a folder of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import Console, common
from zdmigrate.errors import UsageError
from zdmigrate.lint.rule_set import check_severities
from zdmigrate.lint.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.rule import Rule


@click.command()
@click.option("--facts", is_flag=True, help="List the facts that a rule may match on or quote instead.")
@click.option("--check", "folder", metavar="DIR", help="Lint and run the examples of the rules in DIR instead.")
@click.option("--dsn", metavar="DSN", help="A scratch server for --check. [default: an embedded one]")
@click.option("--no-server", is_flag=True, help="Only lint the examples, with --check.")
@common("postgres")
def command(facts: bool, folder: str | None, dsn: str | None, no_server: bool, config: Config, console: Console) -> int:
    """List all rules: id, name, severity, category and title.

    Severities are those of your configuration; a rule that is off says nothing until it is given another.
    --check makes and drops databases on its server, and needs to be told which: it does not ask ZDMIGRATE_DSN.
    Exit code: 0; 1 where an example does not hold; 2 for a rule file that is wrong.

    \b
    Examples:
      zdmigrate rules
      zdmigrate rules --facts
      zdmigrate rules --check db-rules/
    """
    if folder is None and (dsn or no_server):
        raise UsageError("--dsn and --no-server go with --check", hint="name the folder: --check DIR")
    if facts:
        from zdmigrate.cli import fact_list

        fact_list.show(console)
        return 0
    if folder is not None:
        from zdmigrate.cli import rule_check

        return rule_check.check(folder, config, console, dsn=dsn, no_server=no_server)
    _list(config, console)
    return 0


def _list(config: Config, console: Console) -> None:
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
