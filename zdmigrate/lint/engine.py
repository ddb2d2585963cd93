"""Linting: changes in order, each statement's facts against the rules, with the catalog that history leaves."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.lint.file_report import FileReport
from zdmigrate.lint.finding import LintResult, Summary
from zdmigrate.lint.fix import FixedFile
from zdmigrate.lint.rule_set import RuleSets
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.state import Terms
from zdmigrate.schema.walk import analyse
from zdmigrate.sources.history import History

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.finding import Finding, StatementEffects
    from zdmigrate.lint.rule import Rule
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change, Section
    from zdmigrate.sql.lines import Lines
    from zdmigrate.usage.app import Usage

MANY = 60  # files: for fewer, a second process costs more than it gains
_PROGRESS = ("_catalog", "_findings", "_statements", "_lines", "_paths", "_count")


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
    ``changes`` had better be an iterator: 300 files, all kept, take 113 MB instead of 26.
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
        self._reported = reported
        self._with_effects = effects
        self._usage = usage
        self._rule_sets = RuleSets(rules, config)
        self._catalog = Catalog()
        self._findings: list[Finding] = []
        self._statements: list[StatementEffects] = []
        self._lines: dict[str, Lines] = {}
        self._paths: list[str] = []
        self._count = Counter[str]()

    def read_all(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._read(change)

    @property
    def progress(self) -> dict[str, Any]:
        """What reading has left so far; another process may have done the reading."""
        return {name: getattr(self, name) for name in _PROGRESS}

    @progress.setter
    def progress(self, progress: Mapping[str, Any]) -> None:
        vars(self).update(progress)

    def _read(self, change: Change) -> None:
        """Walk one file; its findings are kept when it is reported on, what it does to the schema always."""
        is_reported = self._reported is None or change.path in self._reported
        looked = self.look(change) if is_reported else self._walk(change)
        self._catalog = looked.catalog
        if is_reported:
            self._keep(looked)

    def look(self, change: Change) -> Looked:
        """What is found in a file that comes next. It may be asked of several texts: nothing is kept."""
        looked = self._walk(change)
        rules = self._rule_sets.for_path(change.path)
        report = FileReport(change, rules.rules, rules.off, self._config.lint)
        file = FixedFile(change, looked.analysed, self._catalog.rested(), self._config.postgres)
        found = list(report.still_named(looked.analysed, self._catalog.rested(), self._usage) if self._usage else ())
        found += [*report.syntax_errors(), *report.matched(file, rules.matcher), *report.runs_on()]
        found += report.unused_allows()
        return looked._replace(
            findings=sorted(found, key=lambda finding: (finding.line, finding.column, finding.id)),
            effects=tuple(report.effects(looked.analysed)) if self._with_effects else (),
        )

    def _keep(self, looked: Looked) -> None:
        self._findings += looked.findings
        self._statements += looked.effects
        if looked.findings:
            self._lines[looked.change.path] = looked.change.lines
        self._paths.append(looked.change.path)
        self._count["statements"] += len(looked.change.script.statements)
        self._count["not_analysed"] += sum(not found.facts["analysed"] for found in looked.analysed)

    def _walk(self, change: Change) -> Looked:
        """Every operation of the file. A revert starts from the schema that expand left, not from contract's."""
        pairs = [
            (_phase(change, section, self._config), statement)
            for section in change.sections
            for statement in section.statements
        ]
        onward = [pair for pair in pairs if pair[0] != "revert"]
        transactions = {
            _phase(change, section, self._config): section.transaction
            for section in change.sections
            if section.transaction
        }
        before = self._catalog.rested()
        terms = _terms(change, self._config)
        analysed = list(analyse(onward, before, self._config.postgres, transactions=transactions, terms=terms))
        catalog = analysed[-1].catalog if analysed else before
        if len(onward) < len(pairs):
            undone = [pair for pair in pairs if pair[0] != "contract"]
            back = analyse(undone, before, self._config.postgres, transactions=transactions, terms=terms)
            analysed += [found for found in back if found.section == "revert"]
        return Looked(change, analysed, catalog)

    def result(self) -> LintResult:
        severities = Counter(finding.severity for finding in self._findings)
        summary = Summary(
            files=len(self._paths),
            statements=self._count["statements"],
            errors=severities["error"],
            warnings=severities["warning"],
            hints=severities["hint"],
            not_analysed=self._count["not_analysed"],
        )
        return LintResult(
            findings=tuple(self._findings),
            summary=summary,
            paths=tuple(self._paths),
            statements=tuple(self._statements),
            lines=self._lines,
        )


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
