"""A baseline: the findings that a project has decided to live with, by statement and rule."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.errors import ConfigError
from zdmigrate.lint.fingerprint import statement_digest
from zdmigrate.lint.rule_set import check_rule_names
from zdmigrate.sources.text import write_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from zdmigrate.lint.finding import Finding

VERSION = 1


class Entry(NamedTuple):
    """A statement in which a rule is known to match; ``path`` is as seen from the baseline's folder."""

    path: str
    rule: str
    statement: str


class Baseline:
    """The entries of one file, and how often each may still take a finding back.

    A statement that stands twice in a file has two findings, and so its entry counts them: a third is new.
    """

    def __init__(self, file: str, entries: Mapping[Entry, int]) -> None:
        self._file = file
        self._left = Counter(entries)

    def new(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that the baseline does not know."""
        return [finding for finding in findings if not self._takes_back(finding)]

    def _takes_back(self, finding: Finding) -> bool:
        entry = entry_of(finding, self._file)
        known = self._left[entry] > 0
        if known:
            self._left[entry] -= 1
        return known

    def unused(self, paths: Collection[str]) -> list[Entry]:
        """After all findings were asked about: entries that took nothing back, of files looked at or gone."""
        looked_at = {_from(self._file, path) for path in paths}
        return sorted(
            entry
            for entry, count in self._left.items()
            if count > 0 and (entry.path in looked_at or not _exists(self._file, entry))
        )


def entry_of(finding: Finding, file: str) -> Entry:
    return Entry(_from(file, finding.path), finding.rule, statement_digest(finding))


def _from(file: str, path: str) -> str:
    return os.path.relpath(path, os.path.dirname(file) or os.curdir).replace(os.sep, "/")


def _exists(file: str, entry: Entry) -> bool:
    return os.path.exists(os.path.join(os.path.dirname(file), entry.path))


# --------------------------------------------------------------------------- the file


def read_baseline(file: str, rules: Sequence[str]) -> Baseline:
    """ConfigError for a file that is missing or no baseline, and for a rule that does not exist."""
    return Baseline(file, _entries(file, rules))


def _entries(file: str, rules: Sequence[str]) -> Counter[Entry]:
    try:
        with open(file, encoding="utf-8") as opened:
            table = json.load(opened)
        entries = Counter({_entry(item): int(item.get("count", 1)) for item in table["findings"]})
    except FileNotFoundError:
        hint = "write it with --write-baseline, or name another with --baseline"
        raise ConfigError(f"{file}: there is no such baseline", hint=hint) from None
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{file}: this is no baseline", hint="write it anew with --write-baseline") from None
    check_rule_names((entry.rule for entry in entries), rules, file)
    return entries


def _entry(item: dict[str, Any]) -> Entry:
    return Entry(str(item["path"]), str(item["rule"]), str(item["statement"]))


def write_baseline(file: str, findings: Iterable[Finding], paths: Collection[str], rules: Sequence[str]) -> None:
    """Write what was found, and keep what the file says of files that were not looked at and still exist."""
    entries = Counter(entry_of(finding, file) for finding in findings)
    looked_at = {_from(file, path) for path in paths}
    for entry, count in (_entries(file, rules) if os.path.exists(file) else Counter[Entry]()).items():
        if entry.path not in looked_at and _exists(file, entry):
            entries[entry] = count
    write_text(file, _text(entries))


def _text(entries: Counter[Entry]) -> str:
    """A line for each entry: so a review sees what comes and goes, and git can merge it."""
    lines = [
        json.dumps(entry._asdict() | ({"count": count} if count > 1 else {}), ensure_ascii=False)
        for entry, count in sorted(entries.items())
    ]
    return f'{{"version": {VERSION}, "findings": [\n' + ",\n".join(lines) + "\n]}\n"
