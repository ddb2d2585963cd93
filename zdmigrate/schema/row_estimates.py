"""How large tables are, where somebody has measured it, and about how long work on all of their rows takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.spelling import spelled_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zdmigrate.schema.effects import Effects
    from zdmigrate.schema.names import Name

# Bytes a second. benchmarks/table_work.py measures about four times as much to read, and twice as much otherwise, on
# two processors with the table in memory: a table worth an estimate is on disc, beside an app that works.
READS, WRITES = 500_000_000, 100_000_000
BUILDS = 1_000_000  # rows a second that go into a new index


class TableSize(NamedTuple):
    """One table's size; a partitioned one's is that of its partitions together. ``rows`` is None where unknown."""

    rows: int | None
    bytes: int
    index_bytes: int = 0


class Work(NamedTuple):
    """What an operation does to rows: on how many, and about how long, on a server as above."""

    rows: int
    seconds: float


def work_of(effects: Effects, sizes: Mapping[str, TableSize]) -> Work | None:
    """The work of an operation on tables whose sizes are all known; None where one is not, or there is no work.

    ``sizes`` are by name with schema, as SQL spells it.
    """
    written = _known(effects.rewrites, sizes)
    read = _known([name for name in effects.scans if name not in effects.rewrites], sizes)
    if written is None or read is None:
        return None
    rebuilt = _known(effects.locks, sizes) if effects.builds_index else []
    built = [*written, *read] or rebuilt
    if not built:
        return None
    seconds = sum((size.bytes + size.index_bytes) / WRITES for size, _ in written)
    seconds += sum(size.bytes / READS for size, _ in read)
    if effects.builds_index and not written:
        seconds += sum(rows / BUILDS for _, rows in built)
    return Work(sum(rows for _, rows in built), seconds)


def _known(names: Iterable[Name], sizes: Mapping[str, TableSize]) -> list[tuple[TableSize, int]] | None:
    """The sizes with their rows; None where a table has none, or its rows were never counted."""
    found = [sizes.get(spelled_name(name)) for name in names]
    known = [(size, size.rows) for size in found if size is not None and size.rows is not None]
    return known if len(known) == len(found) else None
