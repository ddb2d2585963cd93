"""Writes anew what is generated in the docs: python -m tests.docs.rewrite.

docs/commands.md, and what commands print in the pages that show it. Read the difference before you commit it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.commands import page as commands_page
from tests.docs.markdown import DOCS, ROOT
from tests.docs.transcript import TRANSCRIPTS, transcript
from tests.servers.choose import running_server


def main() -> None:
    (DOCS / "commands.md").write_text(commands_page(), "utf-8")
    with running_server() as server:
        for name in TRANSCRIPTS:
            page = ROOT / name
            with server.database() as database, tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "shop").mkdir()
                page.write_text(transcript(page, Path(folder) / "shop", database), "utf-8")
            sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
