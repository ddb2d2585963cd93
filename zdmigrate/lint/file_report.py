"""The findings of one file: what rules matched, what only the engine can see, and allows without use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.lint.concurrently import concurrently, on_only, on_partition
from zdmigrate.lint.finding import Finding, StatementEffects
from zdmigrate.lint.fix import FixedFile, fix_of
from zdmigrate.lint.match import matches
from zdmigrate.lint.scale import scaled
from zdmigrate.lint.suppression import Suppression
from zdmigrate.schema.operations import AddColumn, AddForeignKey
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.psql import stand_ins

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from zdmigrate.config import Lint
    from zdmigrate.lint.match import Facts, Matcher
    from zdmigrate.lint.rule import Rule
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Span
    from zdmigrate.schema.operations import Operation
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change
    from zdmigrate.usage.app import Usage

# The gate answers for what these two break: they run when no version is left that could notice.
_GATED = ("contract", "revert")
_CONSTRAINT_NAME = r'(?i)^constraint ("([^"]|"")+"|\S+) '


class FileReport:
    """One file's findings. Ask for the unused allows last: until then nobody knows which are of use."""

    def __init__(self, change: Change, rules: Mapping[str, Rule], off: Collection[str], known: Lint) -> None:
        self._change = change
        self._rules = rules
        self._off = off
        self._known = known
        self._suppression = Suppression(change)
        self._named: set[Span] = set()
        self._placeholders = stand_ins(change.text)

    def matched(self, file: FixedFile, matcher: Matcher) -> Iterator[Finding]:
        """What the rules say of each operation, where no allow takes it back."""
        for number, found in enumerate(file.analysed):
            for rule in matcher.rules_for(found.facts, found.facts.settled):
                gated = rule.category == "compatibility" and found.section in _GATED
                if not gated and self._raises(rule.name, found.statement.span) and not self._is_said(rule, found):
                    said = self._said(found.statement.span)
                    facts = {**found.facts, **self._as_written(found)} if _quotes(rule) else found.facts
                    finding = self._finding(rule, found.operation.span, facts, found.section, said)
                    if self._known.sizes:
                        finding = scaled(finding, rule.category, found, self._known)
                    if found.operation.within or found.operation.kind == "merge":
                        finding = finding.changed(recipe=None)  # rewrite leaves bodies, and what it cannot split, alone
                    fix = fix_of(rule.name, file, number)
                    yield finding if fix is None else finding.changed(fix=fix)

    def still_named(self, analysed: Sequence[Analysed], before: Catalog, usage: Usage) -> Iterator[Finding]:
        """What the previous release still names: asked first, for it says more than that old versions may fail."""
        for found, evidence, words in usage.still_named(self._change, analysed, before):
            if self._raises("same-release-drop", found.statement.span):
                self._named.add(found.operation.span)
                said = self._said(found.statement.span)
                facts = {**found.facts, **words, **self._as_written(found)}
                rule = self._rules["same-release-drop"]
                yield self._finding(rule, found.operation.span, facts, found.section, said).changed(evidence=evidence)

    def syntax_errors(self) -> Iterator[Finding]:
        """What PostgreSQL's own grammar refuses; the statements around it were read all the same."""
        for section in self._change.sections:
            for statement in section.statements:
                if statement.error and self._raises("syntax-error", statement.span):
                    facts = {"problem": statement.error.message, "repair": ""}
                    rule, said = self._rules["syntax-error"], self._said(statement.span)
                    yield self._finding(rule, statement.error.span, facts, section.name, said)

    def runs_on(self) -> Iterator[Finding]:
        r"""A contract or revert that ``psql -f`` would reach from the section above it, for want of a ``\quit``."""
        sections = self._change.sections
        first = next((number for number, section in enumerate(sections) if section.name in _GATED), 0)
        section = sections[first]
        ends = any(place.start < section.span.start for place in self._change.script.quits)
        is_for_psql = self._change.marked and self._change.lines.language == "sql"
        if first and is_for_psql and not ends and self._raises("runs-on-in-psql", section.span):
            facts = {"problem": section.name, "repair": ""}
            yield self._finding(self._rules["runs-on-in-psql"], section.span, facts, section.name)

    def unused_allows(self) -> Iterator[Finding]:
        """Allows that allowed nothing: the reason they gave is about SQL that is no longer there."""
        off = {*self._off, "same-release-drop"}  # its findings come and go with the releases
        for unused in self._suppression.unused(self._rules.keys(), off):
            if unused.rule not in self._off:
                facts = {"problem": unused.problem, "repair": unused.repair}
                yield self._finding(self._rules[unused.rule], unused.allow.span, facts, "")

    def effects(self, analysed: Sequence[Analysed]) -> Iterator[StatementEffects]:
        """What each statement costs, in the file's order."""
        operations: dict[Span, list[Analysed]] = {}
        for found in analysed:
            operations.setdefault(found.statement.span, []).append(found)
        for section in self._change.sections:
            for statement in section.statements:
                own = tuple(operations.get(statement.span, ()))
                line = self._change.lines.position(statement.span.start)[0]
                yield StatementEffects(self._change.path, line, (own[0].section if own else section.name) or None, own)

    def _is_said(self, rule: Rule, found: Analysed) -> bool:
        return rule.category == "compatibility" and found.operation.span in self._named

    def _raises(self, name: str, span: Span) -> bool:
        return name not in self._off and not self._is_allowed(name, span)

    def _is_allowed(self, name: str, span: Span) -> bool:
        (first, _), (last, _) = self._change.lines.range(span)
        return self._suppression.allows(name, first, last)

    def _said(self, span: Span) -> str:
        """Its text without comments, one space for any white space: what stays when it is moved or laid out anew."""
        return " ".join(self._without_comments(span).split())

    def _without_comments(self, span: Span) -> str:
        kept, start = [], span.start
        for comment in self._change.script.comments:
            if span.start < comment.span.start < span.end:
                kept.append(self._change.text[start : comment.span.start])
                start = comment.span.end
        kept.append(self._change.text[start : span.end])
        return " ".join(kept)

    def _as_written(self, found: Analysed) -> dict[str, str]:
        """The statement, to be pasted below a heading of the help, whose SQL is indented; of a DO that in its body."""
        span = found.operation.within or found.statement.span
        lines = [line.rstrip() for line in self._without_comments(span).strip("; \n\t").splitlines()]
        text = "\n    ".join(filter(None, lines))
        return {
            "this_statement": text,
            "this_statement_concurrently": concurrently(text, index := str(found.facts["index"])),
            "this_statement_on_only": on_only(text, index),
            "this_statement_on_partition": on_partition(text),
            "this_foreign_key": self._foreign_key(found.operation),
        }

    def _foreign_key(self, operation: Operation) -> str:
        """A foreign key as a constraint of the table, without its name: ON DELETE and what else it says stay."""
        written = operation.constraint if isinstance(operation, AddForeignKey) else None
        if isinstance(operation, AddColumn):
            written = next((kept for kept in operation.column.constraints if kept.references is not None), None)
        if written is None:
            return ""
        text = re.sub(_CONSTRAINT_NAME, "", self._said(written.span))
        of_column = f"FOREIGN KEY ({spelled(written.columns[0])}) " if isinstance(operation, AddColumn) else ""
        return of_column + text

    def _as_in_file(self, words: str) -> str:
        """With the placeholders that were read as names: what is pasted into the file has to have them again."""
        if not self._placeholders:
            return words
        names = "|".join(sorted(map(re.escape, self._placeholders), key=len, reverse=True))
        return re.sub(names, lambda found: self._placeholders[found[0].lower()], words, flags=re.IGNORECASE)

    def _help(self, rule: Rule, facts: Facts, words: _Words) -> str:
        told = self._as_in_file(_with_longer_names(_instead(rule, facts), words).format_map(words))
        if self._change.lines.language == "sql":
            return told
        from zdmigrate.lint.python_help import as_python  # nobody else pays for it

        return as_python(told)

    def _finding(self, rule: Rule, span: Span, facts: Facts, section: str, said: str = "") -> Finding:
        (line, column), (end_line, end_column) = self._change.lines.range(span)
        words = _Words(facts)
        return Finding(
            rule=rule.name,
            id=rule.id,
            severity=rule.severity,
            path=self._change.path,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            message=self._as_in_file(rule.message.format_map(words)),
            help=self._help(rule, facts, words),
            phase=section or None,
            operation=words.get("operation"),
            relation=words.get("relation") or None,
            recipe=rule.recipe,
            statement=said or self._said(span),
            language=self._change.lines.language,
        )


def _instead(rule: Rule, facts: Facts) -> str:
    """The first variant that fits, or what holds in general."""
    for variant in rule.variants:
        if matches(variant["match"], facts):
            return str(variant["instead"])
    return rule.instead


def _with_longer_names(told: str, words: _Words) -> str:
    """``{column}_new`` filled in: of a quoted name, what is added belongs before the closing quote."""

    def longer(place: re.Match[str]) -> str:
        name = str(words[place[1]])
        whole = f'{name[:-1]}{place[2]}"' if name.endswith('"') else name + place[2]
        return whole.replace("{", "{{").replace("}", "}}")

    return re.sub(r"\{([a-z_]+)\}(_[a-z_]+)", longer, told)


def _quotes(rule: Rule) -> bool:
    return any("{this_" in told for told in (rule.instead, *(variant["instead"] for variant in rule.variants)))


class _Words:
    """Facts as a message writes them; one that an operation does not have is called by its kind: "the column"."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __getitem__(self, name: str) -> str:
        told = self.get(name)
        return f"the {name.replace('_', ' ')}" if told is None else told

    def get(self, name: str) -> str | None:
        return str(self._facts[name]) if name in self._facts else None
