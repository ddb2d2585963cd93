"""Linting: changes in order, each statement's facts against the rules, with the catalog that history leaves."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.lint.file_report import FileReport
from zdmigrate.lint.finding import LintResult, Summary
from zdmigrate.lint.fix import FixedFile
from zdmigrate.lint.rule_set import RuleSets
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.state import Terms
from zdmigrate.schema.trail import Trail
from zdmigrate.schema.walk import analyse, schema_left
from zdmigrate.sources.history import History

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.finding import Finding, StatementEffects
    from zdmigrate.lint.rule import Rule
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change, Section
    from zdmigrate.sql.lines import Lines
    from zdmigrate.sql.script import Statement
    from zdmigrate.usage.app import Usage

MANY = 60  # files: for fewer, a second process costs more than it gains


def lint_changes(
    changes: Iterable[Change],
    config: Config,
    rules: Sequence[Rule],
    *,
    reported: Collection[str] | None = None,
    effects: bool = False,
    usage: Usage | None = None,
) -> LintResult:
    """Lint the files of a history in order. Of those whose path is not in ``reported`` only the catalog is kept.

    ``effects`` asks for what every statement costs, too. Without it a file is forgotten once it has been read, so that
    ``changes`` had better be an iterator: 2,000 files, all kept, take 123 MB instead of 35.
    """
    linter = Linter(config, rules, reported=reported, effects=effects, usage=usage)
    if isinstance(changes, History) and len(changes) >= MANY and not effects:
        from zdmigrate.lint.two_processors import read_all

        read_all(linter, changes)
    else:
        linter.read_all(changes)
    return linter.result()


class Looked(NamedTuple):
    """What one file does and what is found in it; ``catalog`` is the schema that it leaves."""

    change: Change
    analysed: Sequence[Analysed]
    catalog: Catalog
    findings: Sequence[Finding] = ()
    effects: Sequence[StatementEffects] = ()


class Found:
    """What linting has found in the files so far."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.statements: list[StatementEffects] = []
        self.lines: dict[str, Lines] = {}
        self.paths: list[str] = []
        self.count = Counter[str]()

    def keep(self, looked: Looked) -> None:
        """Take what was found in the file that comes next."""
        self.findings += looked.findings
        self.statements += looked.effects
        if looked.findings:
            self.lines[looked.change.path] = looked.change.lines
        self.paths.append(looked.change.path)
        self.count["statements"] += len(looked.change.script.statements)
        self.count["not_analysed"] += sum(done.effects.unknown for done in looked.analysed)

    def also(self, following: Found) -> None:
        """Take what was found in the files that follow."""
        self.findings += following.findings
        self.statements += following.statements
        self.lines |= following.lines
        self.paths += following.paths
        self.count += following.count

    def result(self) -> LintResult:
        severities = Counter(finding.severity for finding in self.findings)
        summary = Summary(
            files=len(self.paths),
            statements=self.count["statements"],
            errors=severities["error"],
            warnings=severities["warning"],
            hints=severities["hint"],
            not_analysed=self.count["not_analysed"],
        )
        return LintResult(
            findings=tuple(self.findings),
            summary=summary,
            paths=tuple(self.paths),
            statements=tuple(self.statements),
            lines=self.lines,
        )


class Linter:
    """What a run carries from file to file."""

    def __init__(
        self,
        config: Config,
        rules: Sequence[Rule],
        *,
        reported: Collection[str] | None = None,
        effects: bool = False,
        usage: Usage | None = None,
    ) -> None:
        self._config = config
        self._rules = rules
        self._reported = reported
        self._with_effects = effects
        self._usage = usage
        self._rule_sets = RuleSets(rules, config)
        self._trail = Trail()
        self.catalog = Catalog()
        self.found = Found()

    def read_all(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._read(change)

    def schema_left_by(self, changes: Iterable[Change]) -> Catalog:
        """The schema that these files will have left once they are linted: of that a part, which is not done again."""
        catalog = self.catalog
        for change in changes:
            order, before = _order(change, self._config), catalog.rested()
            self._trail.begin(change, before)
            catalog = schema_left(order.onward, before, order.transactions, self._trail)
        return catalog

    def beginning_with(self, catalog: Catalog) -> Linter:
        """One that lints by the same rules from another schema on, and has found nothing."""
        other = Linter(
            self._config, self._rules, reported=self._reported, effects=self._with_effects, usage=self._usage
        )
        other.catalog = catalog
        return other

    def follow(self, other: Linter) -> None:
        """Go on where another one has ended, which has linted the files that come next."""
        self.catalog = other.catalog
        self.found.also(other.found)

    def _read(self, change: Change) -> None:
        """Walk one file; its findings are kept when it is reported on, what it does to the schema always."""
        is_reported = self._reported is None or change.path in self._reported
        looked = self.look(change) if is_reported else self._walk(change)
        self.catalog = looked.catalog
        if is_reported:
            self.found.keep(looked)

    def look(self, change: Change) -> Looked:
        """What is found in a file that comes next. It may be asked of several texts: nothing is kept."""
        looked = self._walk(change)
        rules = self._rule_sets.for_path(change.path)
        report = FileReport(change, rules.rules, rules.off, self._config.lint)
        file = FixedFile(change, looked.analysed, self.catalog.rested(), self._config.postgres)
        found = list(report.still_named(looked.analysed, self.catalog.rested(), self._usage) if self._usage else ())
        found += [*report.syntax_errors(), *report.matched(file, rules.matcher), *report.runs_on()]
        found += report.unused_allows()
        return looked._replace(
            findings=sorted(found, key=lambda finding: (finding.line, finding.column, finding.id)),
            effects=tuple(report.effects(looked.analysed)) if self._with_effects else (),
        )

    def _walk(self, change: Change) -> Looked:
        """Every operation of the file. A revert starts from the schema that expand left, not from contract's."""
        order, major, terms = _order(change, self._config), self._config.postgres, _terms(change, self._config)
        before, around = self._trail.before(change, self.catalog.rested()), order.transactions
        analysed = list(analyse(order.onward, before, major, transactions=around, terms=terms, trail=self._trail))
        catalog = analysed[-1].catalog if analysed else before
        if order.undone:
            back = analyse(order.undone, before, major, transactions=around, terms=terms)
            analysed += [found for found in back if found.section == "revert"]
        return Looked(change, analysed, catalog)

    def result(self) -> LintResult:
        return self.found.result()


class _Order(NamedTuple):
    """A file's statements with their phases: onward, and where it has a revert, there and back."""

    onward: Sequence[tuple[str, Statement]]
    undone: Sequence[tuple[str, Statement]]
    transactions: Mapping[str, str]


def _order(change: Change, config: Config) -> _Order:
    phases = [_phase(change, section, config) for section in change.sections]
    named = list(zip(phases, change.sections, strict=True))
    pairs = [(phase, statement) for phase, section in named for statement in section.statements]
    onward = [pair for pair in pairs if pair[0] != "revert"]
    undone = [pair for pair in pairs if pair[0] != "contract"] if len(onward) < len(pairs) else []
    return _Order(onward, undone, {phase: section.transaction for phase, section in named if section.transaction})


def _terms(change: Change, config: Config) -> Terms:
    """Files with markers are zdmigrate's own, which sets lock_timeout itself."""
    is_own = change.marked or config.source == "native"
    return Terms(
        lock_budget=config.lock_budget.milliseconds, sets_timeouts=is_own or bool(config.runner), tool=change.tool
    )


def _phase(change: Change, section: Section, config: Config) -> str:
    """The section's name; for a file without markers that ``[lint] contract`` names, contract."""
    if section.name or change.marked:
        return section.name
    path = change.path.replace("\\", "/")
    is_contract = any(
        fnmatchcase(path, pattern) or fnmatchcase(path, pattern.removeprefix("**/")) for pattern in config.lint.contract
    )
    return "contract" if is_contract else ""
