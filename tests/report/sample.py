"""A small result with everything that is hard to write down: two files, long lines, markup and control letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lint.linting import RULES
from zdmigrate.config import Config, Lint
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import read_folder
from zdmigrate.report import View
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from zdmigrate.lint.finding import LintResult

DROP = '/* \u8868 */ ALTER TABLE\n    "a_*b*_<c>"\n  DROP a, DROP b;\n'
FILES = {
    "db/001 50%, naïve.sql": 'CREATE INDEX "a_*b*_`c`" ON users (name);\n\n' + DROP,
    "db/002_clean.sql": "CREATE TABLE notes (id bigint PRIMARY KEY);\n",
    "db/003_letters.sql": "SELCT 'a\x0bb';\n-- zdmigrate: allow drop-colum because <b>of</b> #12 and @you\nSELECT 1;\n",
}


def sample() -> LintResult:
    """Linted with the few rules that the engine's tests have, whose words nobody edits."""
    changes = [read_change(path, text) for path, text in FILES.items()]
    severity = {"drop-column": "hint", "unused-allow": "warning"}
    return lint_changes(changes, Config(runner="other", lint=Lint(severity=severity)), read_folder(str(RULES)))


def view() -> View:
    return View(rules=lambda: read_folder(str(RULES)))
