"""What one call lints: the paths, each with its nearest configuration and its own history."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.config import find
from zdmigrate.config_keys import SEVERITIES
from zdmigrate.lint.engine import MANY, lint_changes
from zdmigrate.lint.finding import LintResult, Summary
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.history import IN_FOLDERS, STDIN, STDIN_PATH, Source, read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.baseline import Entry
    from zdmigrate.lint.finding import Finding
    from zdmigrate.lint.rule import Rule
    from zdmigrate.sources.history import History
    from zdmigrate.usage.app import Usage


class Project(NamedTuple):
    """Paths that share a configuration and a history; ``folder`` is where single files have their history."""

    config: Config
    folder: str
    paths: tuple[str, ...]


class Outcome(NamedTuple):
    """What linting a project found, and entries of its baseline that match nothing any more."""

    result: LintResult
    stale: Sequence[Entry] = ()


def projects(paths: Iterable[str], config: Config, near: Callable[[str], Config]) -> list[Project]:
    """The paths by configuration and history: a hook names the files of all services of a monorepo at once.

    ``config`` is the working directory's; ``near`` reads that of another folder. A folder is a history of its own.
    """
    known = {config.path: config}
    found: dict[tuple[str | None, str, str], list[str]] = {}
    for path in paths:
        single = path == STDIN or not (os.path.isdir(path) or path.endswith("/"))
        place = os.curdir if path == STDIN else os.path.dirname(path) or os.curdir if single else path
        file = find(place) or config.path
        if file not in known:
            known[file] = near(place)
        folder = _history(path, known[file]) if single else path
        found.setdefault((file, folder, "" if single else path), []).append(path)
    return [Project(known[file], folder, tuple(members)) for (file, folder, _), members in found.items()]


def _history(path: str, config: Config) -> str:
    """Where a single file's history is: the folder of changes, or where there is none, its own."""
    if path == STDIN or os.path.isdir(config.dir):
        return config.dir
    folder, name = os.path.split(path)
    return (os.path.dirname(folder) if name in IN_FOLDERS else folder) or os.curdir


# --------------------------------------------------------------------------- linting


def lint_project(
    project: Project,
    *,
    since: str | None = None,
    effects: bool = False,
    down: bool = False,
    write: bool = False,
    cached: bool = True,
    previous_release: str | None = None,
) -> Outcome:
    """Lint one project; ``write`` keeps all that is found in its baseline instead of leaving out what is known.

    ``cached`` allows findings of an earlier run where nothing has changed since. ``previous_release`` is the commit in
    whose code same-release-drop looks; without it, the last of the configured tags.
    """
    config = project.config
    source = Source.of(config, down=down)
    changes, reported = read_history(project.paths, project.folder, source)
    if since is not None:
        from zdmigrate.sources.git import changed_since

        reported = changed_since(since, reported - {STDIN_PATH}) | (reported & {STDIN_PATH})
    rules = load_rules(config.lint.rules)
    usage, notes = _usage(config, previous_release, reported)
    if cached and not effects and len(changes) >= MANY:
        result = _linted_or_recalled(changes, config, rules, reported, usage)
    else:
        result = lint_changes(changes, config, rules, reported=reported, effects=effects, usage=usage)
    result = result.changed(notes=tuple(notes)) if notes else result
    if not config.lint.baseline:
        return Outcome(result)
    return _with_baseline(result, config.lint.baseline, [rule.name for rule in rules], write=write)


def _usage(config: Config, ref: str | None, reported: Collection[str]) -> tuple[Usage | None, Sequence[str]]:
    """The code that same-release-drop looks into, and what to know of it; nothing where none is configured."""
    if not config.lint.usage:
        return None, ()
    from zdmigrate.usage.app import usage_of

    return usage_of(config, ref, [path for path in reported if path != STDIN_PATH])


def _linted_or_recalled(
    changes: History, config: Config, rules: Sequence[Rule], reported: Collection[str], usage: Usage | None
) -> LintResult:
    from zdmigrate.lint.cache import keep, key_of, recall

    commit = usage.release.commit if usage else ""
    key = key_of(changes, config, rules, reported, commit)
    if key is not None and (known := recall(key)):
        return known
    result = lint_changes(changes, config, rules, reported=reported, usage=usage)
    if key is not None and key == key_of(changes, config, rules, reported, commit):  # no file was changed meanwhile
        keep(key, result)
    return result


def _with_baseline(result: LintResult, file: str, rules: Sequence[str], *, write: bool) -> Outcome:
    from zdmigrate.lint.baseline import read_baseline, write_baseline

    if write:
        write_baseline(file, result.findings, result.paths, rules)
    baseline = read_baseline(file, rules)
    new = baseline.new(result.findings)
    known = len(result.findings) - len(new)
    result = result.changed(findings=tuple(new), summary=_recounted(result.summary, new, known))
    return Outcome(result, baseline.unused(result.paths))


def _recounted(summary: Summary, findings: Sequence[Finding], known: int) -> Summary:
    severities = [finding.severity for finding in findings]
    errors, warnings, hints = map(severities.count, SEVERITIES)
    return summary._replace(errors=errors, warnings=warnings, hints=hints, in_baseline=known)


def joined(results: Sequence[LintResult]) -> LintResult:
    """One report on all of them."""
    if len(results) == 1:
        return results[0]
    return LintResult(
        findings=tuple(finding for result in results for finding in result.findings),
        summary=Summary(*map(sum, zip(*(result.summary for result in results), strict=True))),
        paths=tuple(path for result in results for path in result.paths),
        statements=tuple(statement for result in results for statement in result.statements),
        lines={path: lines for result in results for path, lines in result.lines.items()},
        notes=tuple(note for result in results for note in result.notes),
    )
