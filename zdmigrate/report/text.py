"""Findings as a person reads them in a terminal: place, words, the source line, and what is meant underlined."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.lint.finding import Finding, LintResult, StatementEffects, Summary
    from zdmigrate.report import View
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sql.lines import Lines

    Paint = Callable[[str, str], str]

_EVIDENCE = 5  # lines that are shown
_FILES = 3  # that are told to be rewritten
_COLOURS = {"error": "red", "warning": "yellow", "hint": "cyan", "help": "green"}


def render(result: LintResult, view: View) -> str:
    """The whole report, without a newline at its end."""
    paint = _paint if view.colour else _plain
    told = [finding for finding in result.findings if finding.path not in view.old]
    old = [finding for finding in result.findings if finding.path in view.old]
    blocks = ["\n".join(_effects(statement)) for statement in result.statements] if view.effects else []
    blocks += ["\n".join(_finding(finding, result.lines[finding.path], paint)) for finding in told]
    blocks += ["\n".join(_in_old_files(old, view, paint))] if old else []
    blocks += filter(None, ["\n".join(_rewritable(told))])
    return "\n\n".join([*blocks, summary_line(result.summary) + _fixable(told)])


def _fixable(findings: Sequence[Finding]) -> str:
    count = sum(finding.is_fixable for finding in findings)
    return f"; {count} fixable with --fix (--diff shows how)" if count else ""


def _rewritable(findings: Sequence[Finding]) -> Iterator[str]:
    """The files without sections of which zdmigrate knows how to write them."""
    paths = Counter(finding.path for finding in findings if _is_rewritable(finding))
    for path, count in list(paths.items())[:_FILES]:
        from shlex import quote  # only who has findings pays for it

        yield f"{counted(count, 'finding')} can be rewritten into phases: zdmigrate rewrite {quote(path)}"
    if len(paths) > _FILES:
        yield f"and so can those in {counted(len(paths) - _FILES, 'further file')}"


def _is_rewritable(finding: Finding) -> bool:
    return bool(finding.recipe) and finding.phase is None and finding.language == "sql"


def summary_line(summary: Summary) -> str:
    """``1 error, 2 warnings in 3 files (14 statements)``."""
    counts = {"error": summary.errors, "warning": summary.warnings, "hint": summary.hints}
    found = ", ".join(counted(count, word) for word, count in counts.items() if count)
    read = f"{counted(summary.files, 'file')} ({counted(summary.statements, 'statement')})"
    known = f"; {summary.in_baseline} more in the baseline" if summary.in_baseline else ""
    return f"{found or 'no findings'} in {read}{known}"


def counted(count: int, word: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _plain(text: str, _: str) -> str:
    return text


def _paint(text: str, word: str) -> str:
    from click import style

    return style(text, fg=_COLOURS[word], bold=word != "help")


# --------------------------------------------------------------------------- one finding


def _finding(finding: Finding, lines: Lines, paint: Paint) -> Iterator[str]:
    head = paint(f"{finding.severity} {finding.rule}", finding.severity)
    yield f"{finding.path}:{finding.line}:{finding.column} {head}: {finding.message}"
    margin = " " * len(str(finding.line))
    source = lines.text_of(finding.line)
    yield f" {finding.line} | {source}"
    yield f" {margin} | {paint(_underline(finding, source), finding.severity)}"
    if finding.language != "sql":
        yield f" {margin} = sql: {finding.statement}"
    yield from (f" {margin} = {line}" for line in _evidence(finding))
    for number, line in enumerate(finding.help.splitlines()):
        yield f" {margin} {paint('= help:', 'help') if number == 0 else '       '} {line}".rstrip()


def _evidence(finding: Finding) -> Iterator[str]:
    """The lines of code that still name what is lost."""
    shown = finding.evidence[:_EVIDENCE]
    width = max((len(found.place) for found in shown), default=0)
    yield from (f"{found.place:{width}}  {found.text}" for found in shown)
    if len(finding.evidence) > _EVIDENCE:
        yield f"and {counted(len(finding.evidence) - _EVIDENCE, 'further line')}: --format json has them all"


def _underline(finding: Finding, source: str) -> str:
    """Carets below the clause; where it goes on in further lines, below what stands in this one."""
    goes_on = finding.end_line > finding.line
    start = finding.column - 1
    end = len(source.rstrip()) if goes_on else finding.end_column - 1
    before = "\t".join(" " * _width(part) for part in source[:start].split("\t"))
    carets = "^" * max(1, _width(source[start:end]))
    return f"{before}{carets}" + (f" … to line {finding.end_line}" if goes_on else "")


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


# --------------------------------------------------------------------------- old files


def _in_old_files(findings: Sequence[Finding], view: View, paint: Paint) -> Iterator[str]:
    """What has run has run: a table by rule, and the lines to type, instead of page after page."""
    files = counted(len({finding.path for finding in findings}), "file")
    yield f"{counted(len(findings), 'finding')} in {files} that git says are old, by rule:"
    counts = Counter((finding.rule, finding.severity) for finding in findings)
    width = len(str(max(counts.values())))
    for (rule, severity), count in sorted(counts.items(), key=lambda found: (-found[1], found[0])):
        yield f"  {count:{width}} {paint(f'{severity} {rule}', severity)}"
    yield from view.advice


# --------------------------------------------------------------------------- effects


def _effects(statement: StatementEffects) -> Iterator[str]:
    yield f"{statement.path}:{statement.line} {statement.phase or 'no phase'}"
    if not statement.operations:
        yield "  not read: a syntax error"
    for found in statement.operations:
        about = f" {relation}" if (relation := found.facts.get("relation")) else ""
        yield f"  {found.operation.kind}{about}: {'; '.join(_costs(found)) or 'no lock'}"


def _costs(found: Analysed) -> Iterator[str]:
    effects = found.effects
    for relation, mode in effects.locks.items():
        yield f"{mode.sql} on {relation}"
    for word, relations in (("rewrites", effects.rewrites), ("reads all of", effects.scans)):
        if relations:
            yield f"{word} {', '.join(map(str, relations))}"
    if effects.builds_index:
        yield "builds an index"
    if effects.unknown:
        yield "not analysed: expect the worst"
