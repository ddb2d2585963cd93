"""Findings kept from one run to the next, under a digest of all that they follow from.

Kept as JSON, each with a digest of its own: what is damaged is not used. Nothing here may fail a run; a folder that
others could write to, or that cannot be written to, is not used either.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import zdmigrate
from zdmigrate.errors import InputError
from zdmigrate.lint.finding import Finding, LintResult, Summary
from zdmigrate.lint.fix import Edit, Fix
from zdmigrate.sources.text import read_text
from zdmigrate.sql.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.rule import Rule
    from zdmigrate.sources.history import History

KEPT = 30  # results; the oldest go


def key_of(
    files: History, config: Config, rules: Sequence[Rule], reported: Collection[str], commit: str = ""
) -> str | None:
    """A digest of the files, of what they are linted by, and of the program; None where one of them cannot be read.

    ``commit`` is the previous release's, whose code was looked into.
    """
    fingerprint = files.fingerprint()
    if fingerprint is None:
        return None
    asked = (os.path.abspath(os.curdir), repr(config), repr(rules), sorted(reported), commit)
    return blake2b(
        repr((fingerprint, asked, list(_program()))).encode(errors="surrogatepass"), digest_size=20
    ).hexdigest()


def _program() -> Iterator[object]:
    """The version, and for a checkout, whose version stays the same, every file's size and time of change."""
    yield zdmigrate.__version__, sys.version
    grammar = find_spec("postgast")
    folders = [os.path.dirname(zdmigrate.__file__), *((grammar and grammar.submodule_search_locations) or ())]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_file():
                    status = entry.stat()
                    yield entry.path, status.st_size, status.st_mtime_ns
                elif entry.name != "__pycache__":
                    folders.append(entry.path)


def recall(key: str) -> LintResult | None:
    """What was found under this key before."""
    try:
        with open(os.path.join(_folder(), key), "rb") as file:
            digest, _, told = file.read().partition(b"\n")
        if digest.decode() != _digest(told):
            return None
        return _result(json.loads(told))
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None


def keep(key: str, result: LintResult) -> None:
    """For later runs. Written under another name first: who reads meanwhile finds all of it or nothing."""
    told = json.dumps(_told(result)).encode()
    with suppress(OSError):
        folder = _folder()
        draft = os.path.join(folder, f"{key}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_digest(told).encode() + b"\n" + told)
        os.replace(draft, os.path.join(folder, key))
        _forget_oldest(folder)


def _folder() -> str:
    """The cache's folder, made when it is not there; PermissionError where somebody else may write to it."""
    chosen = os.environ.get("ZDMIGRATE_CACHE")
    home = os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    parent = chosen or os.path.join(os.environ.get("XDG_CACHE_HOME") or home, "zdmigrate")
    folder = os.path.join(parent, f"lint-{os.getuid()}" if hasattr(os, "getuid") else "lint")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    status = os.stat(folder)
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise PermissionError(folder)
    return folder


def _forget_oldest(folder: str) -> None:
    with os.scandir(folder) as entries:
        kept = sorted(entries, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    for entry in kept[KEPT:]:
        os.unlink(entry.path)


def _digest(told: bytes) -> str:
    return blake2b(told, digest_size=20).hexdigest()


# --------------------------------------------------------------------------- results as JSON


def _told(result: LintResult) -> dict[str, Any]:
    return {
        "fields": Finding.field_names,
        "findings": [finding.field_values() for finding in result.findings],
        "summary": result.summary,
        "paths": result.paths,
        "lines": list(result.lines),
    }


def _finding(told: dict[str, Any]) -> Finding:
    if told["fix"] is not None:
        edits, reason = told["fix"]
        told["fix"] = Fix(tuple(Edit(*edit) for edit in edits), reason)
    if told["evidence"]:
        from zdmigrate.usage.evidence import Evidence

        told["evidence"] = tuple(Evidence(*found) for found in told["evidence"])
    return Finding(**{**told, "evidence": tuple(told["evidence"])})


def _result(told: dict[str, Any]) -> LintResult:
    names = told["fields"]
    return LintResult(
        findings=tuple(_finding(dict(zip(names, values, strict=True))) for values in told["findings"]),
        summary=Summary(*told["summary"]),
        paths=tuple(told["paths"]),
        lines={path: Lines(read_text(path)) for path in told["lines"]},
    )
