"""A finding's help for a revision of Alembic's: its SQL as calls of ``op``, which can be pasted into ``upgrade()``."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from zdmigrate.sources.op_calls import call_of
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.sql.script import Script

_INDENT = "    "
_BLOCK = "with op.get_context().autocommit_block():"
_TRANSACTIONS = frozenset(("begin", "commit", "rollback"))  # which are Alembic's to begin and to end


def as_python(text: str) -> str:
    """The help with each indented block as Python, but for one that has words to fill in, or a COMMIT: that is SQL."""
    blocks = groupby(text.split("\n"), lambda line: line.startswith(_INDENT))
    return "\n".join(line for is_sql, block in blocks for line in (_told(list(block)) if is_sql else block))


def _told(lines: Sequence[str]) -> Sequence[str]:
    script = read_script("\n".join(line.removeprefix(_INDENT) for line in lines))
    is_whole = script.statements and all(each.error is None and "..." not in each.text for each in script.statements)
    kinds = {operation.kind for each in script.statements for operation in each.operations}
    if not is_whole or kinds & _TRANSACTIONS:
        return lines
    return [_INDENT + line for line in _calls(script)]


def _calls(script: Script) -> Iterator[str]:
    """Several statements are a transaction each, and so is one that PostgreSQL refuses inside of one."""
    is_alone = len(script.statements) > 1 or "CONCURRENTLY" in script.text.upper()
    found = [(each.span.start, f"# {each.text}") for each in script.comments]
    found += [(each.span.start, call_of(each.text)) for each in script.statements]
    if is_alone:
        yield _BLOCK
    for _, lines in sorted(found):
        yield from (_INDENT * is_alone + line for line in lines.split("\n"))
