"""Where a release names something, and how that is known."""

from __future__ import annotations

from typing import NamedTuple

LONGEST = 160  # of a line that is shown: generated code may have megabytes


class Evidence(NamedTuple):
    """A line of the release's code; ``path`` is as seen from the working directory.

    ``how`` is query where SQL was resolved to the very thing, and name where its name stands beside its table's.
    """

    path: str
    line: int
    text: str
    how: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"
