"""A page as it would read if its commands were run now: files written, SQL executed, commands typed, in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.shell import Shell, steady, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

TRANSCRIPTS = ("README.md", "docs/tutorial.md", "docs/alembic-tutorial.md")
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
# a first line that is a comment with nothing but a path
_FILE = re.compile(r"(?:--|#) ([\w./-]+\.(?:sql|toml|py|ini))\n")


def transcript(page: Path, folder: Path, database: Database) -> str:
    """The page's text with every console block's output as it is today; what only times differ in stays."""
    with Shell(folder, database) as shell:

        def now(block: re.Match[str]) -> str:
            language, text = block.groups()
            if language == "console":
                return f"```console\n{_typed(shell, text)}```"
            prepare(language, text, folder, database)
            return block[0]

        return _FENCED.sub(now, page.read_text("utf-8"))


def prepare(language: str, text: str, folder: Path, database: Database) -> None:
    """Write the file that a block is, or execute the SQL that it holds."""
    if named := _FILE.match(text):
        path = folder / named[1]
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, "utf-8")
    elif language == "sql":
        database.execute(text)


def _typed(shell: Shell, text: str) -> str:
    """The commands with what they print now; a failure that the reader is not shown (``echo $?``) is an error."""
    lines: list[str] = []
    failed = 0
    for command, said in told(text):
        if failed and command != "echo $?":
            raise AssertionError(f"exit code {failed}, and the page does not say so:\n{''.join(lines)}")
        output = shell.run(command)
        failed = shell.code
        lines.append(f"$ {command}\n{said if steady(said) == steady(output) else output}")
    if failed:
        raise AssertionError(f"exit code {failed}, and the page does not say so:\n{''.join(lines)}")
    return "".join(lines)
