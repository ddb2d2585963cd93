"""The body of ``upgrade()`` or ``downgrade()``: runs as lines of Python, each statement under the reason for it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sources.op_calls import call_of, quoted, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zdmigrate.alembic.runs import Run

    Own = Callable[[str], list[str] | None]  # the lines of a call that is known to send the statement

_WIDTH = 100
_BLOCK = "with op.get_context().autocommit_block():"


class Line(NamedTuple):
    """A line, or a literal of several, and how many blocks it stands in."""

    depth: int
    text: str


def body_of(runs: Iterable[Run], own: Own = lambda _: None) -> list[Line]:
    """The lines of the runs. ``own`` may know a call of the project's for a statement."""
    return [line for run in runs for line in _run(run, own)]


def raised(sentence: str) -> list[Line]:
    """The body of a direction that cannot be gone."""
    return [Line(0, f"raise NotImplementedError({quoted(sentence)})")]


def _run(run: Run, own: Own) -> Iterator[Line]:
    depth = 0
    if run.way == "autocommit":
        depth = 1
        yield Line(0, _BLOCK)
        if not run.statements:
            yield Line(1, "pass  # it has committed what stands above: those locks are gone")
    yield from (Line(depth, line) for line in commented(run.why))
    above = ""
    for said in run.statements:
        calls = [f"op.zd_backfill({text_of(said.sql)})"] if run.way == "backfill" else own(said.sql)
        calls = [call_of(said.sql)] if calls is None else calls
        reason = commented(said.why) if said.why != above and calls else ()
        yield from (Line(depth, line) for line in (*reason, *calls))
        above = said.why


def commented(text: str) -> Iterator[str]:
    """Lines of a comment. A paragraph that begins with zdmigrate: is a directive, and stays on one line."""
    for paragraph in filter(None, text.split("\n")):
        directive = paragraph.startswith("zdmigrate:")
        for line in [paragraph] if directive else textwrap.wrap(paragraph, _WIDTH - 6, break_on_hyphens=False):
            yield f"# {line}"


def printed(lines: Iterable[Line], depth: int = 0) -> Iterator[str]:
    """As they stand in a file, ``depth`` blocks deep; what a literal has in it is indented with it."""
    for line in lines:
        yield from (textwrap.indent(line.text, "    " * (depth + line.depth)) or "").split("\n")


def for_alembic(lines: Iterable[Line]) -> Iterator[str]:
    """As Alembic's printer takes them: it indents by itself, and an empty line ends a block."""
    depth = 0
    for line in lines:
        if line.depth < depth:
            yield ""
        yield line.text
        depth = line.depth
    if depth:
        yield ""
