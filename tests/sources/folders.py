"""The folders of fixtures/tools/, read and linted as the command line would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.config import Config
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.history import Source, read_history

if TYPE_CHECKING:
    from zdmigrate.lint.finding import LintResult
    from zdmigrate.sources.change import Change

FOLDERS = Path(__file__).parents[2] / "fixtures" / "tools"
PRINTER = (str(FOLDERS / "django" / "sqlmigrate"),)


def changes_of(*paths: Path | str, tool: str = "", down: bool = False, dir: Path | str = "nowhere") -> list[Change]:  # noqa: A002
    source = Source(tool=tool, command=_printer(paths), down=down)
    return list(read_history([str(path) for path in paths], str(dir), source)[0])


def linted(*paths: Path | str, tool: str = "", down: bool = False, dir: Path | str = "nowhere") -> LintResult:  # noqa: A002
    source = Source(tool=tool, command=_printer(paths), down=down)
    changes, reported = read_history([str(path) for path in paths], str(dir), source)
    return lint_changes(changes, Config(runner="other"), load_rules(), reported=reported)


def _printer(paths: tuple[Path | str, ...]) -> tuple[str, ...]:
    """What prints the SQL of Django's migrations; the others need nobody, or Python itself."""
    return PRINTER if any("django" in str(path) for path in paths) else ()


def found(result: LintResult, folder: Path) -> list[tuple[str, int, str]]:
    """Where findings are on the way up: file, line and rule."""
    return [
        (Path(finding.path).relative_to(folder).as_posix(), finding.line, finding.rule)
        for finding in result.findings
        if finding.phase != "revert"
    ]


def filled(folder: Path, **texts: str) -> Path:
    """The folder with these files in it."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
