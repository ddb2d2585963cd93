"""docs/effects.md: what servers of every major did for each sample. ``python -m tests.schema.effects_page`` writes it.

With ``new`` behind it, it measures only the samples that the page does not have.

test_effects compares the page with what it measures, so that it cannot say what no server does.
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.schema.all_samples import ALL
from tests.schema.claims import claimed, history
from tests.schema.measure import WEAK, measured
from zdmigrate.schema.names import Name
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.schema.observe import Observed
    from tests.schema.samples import Sample
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.lock_modes import LockMode

PAGE = Path(__file__).parents[2] / "docs" / "effects.md"
MAJORS = (14, 15, 16, 17, 18)
HEAD = """<!-- Measured and written by python -m tests.schema.effects_page; change tests/schema/samples.py. -->
# What each operation costs

Every row is a statement that servers ran. Its locks are those of `pg_locks` at its end (of what refuses a
transaction, while it waits for another session), its rewrites are new files of `pg_class`, and what it reads and
builds is what the server tells at `client_min_messages = debug1`. PostgreSQL 14 to 18: a statement that versions take
differently has a row for each. ACCESS SHARE and ROW SHARE, which stop no query, are left out where nobody claims them.

What a lock on the table stops while it is held, and while it is waited for:

| lock | stops |
|---|---|
| ACCESS EXCLUSIVE | reads, writes, all DDL |
| EXCLUSIVE | writes, all DDL; reads go on |
| SHARE ROW EXCLUSIVE | writes, all DDL; reads go on |
| SHARE | writes, all DDL but another CREATE INDEX; reads go on |
| SHARE UPDATE EXCLUSIVE | DDL and VACUUM; reads and writes go on |
| ROW EXCLUSIVE | what SHARE and the stronger ones are for: index builds, most DDL |
| ROW SHARE, ACCESS SHARE | DDL with EXCLUSIVE or ACCESS EXCLUSIVE |

What the linter makes of these is in the [rules](rules/README.md).
"""
_STOPS = {
    "ACCESS EXCLUSIVE": "reads, writes, DDL",
    "EXCLUSIVE": "writes, DDL",
    "SHARE ROW EXCLUSIVE": "writes, DDL",
    "SHARE": "writes, DDL",
    "SHARE UPDATE EXCLUSIVE": "DDL",
    "ROW EXCLUSIVE": "index builds",
}
COLUMNS = ("statement", "lock", "on others", "stops", "rewrites", "reads all of", "builds an index", "PostgreSQL")


class Row(NamedTuple):
    """The cells of a statement, all but the last."""

    statement: str
    lock: str
    others: str
    stops: str
    rewrites: str
    reads: str
    builds: str


def kinds_of(sample: Sample) -> tuple[str, ...]:
    """The operations of a sample's statement, each once."""
    statements = read_script(sample.sql).statements
    return tuple(dict.fromkeys(operation.kind for one in statements for operation in one.operations))


def row_of(sample: Sample, seen: Observed, major: int) -> Row:
    """What a server of this major did."""
    claim = claimed(sample.given, sample.sql, major)
    locks = {
        name: mode
        for held, told, is_table in (
            (seen.locks, claim.locks, True),
            (seen.index_locks, claim.index_locks, False),
            (seen.sequence_locks, claim.sequence_locks, False),
        )
        for name, mode in held.items()
        if name in told or (is_table and mode not in WEAK)
    }
    own = _own(sample, locks)
    return Row(
        statement=_statement(sample),
        lock=locks[own].sql if own else "",
        others=_others(sample, own, locks),
        stops=_STOPS.get(max(locks.values()).sql, "") if locks else "",
        rewrites=_names(seen.rewrites),
        reads=_names(seen.scans - seen.rewrites),
        builds="yes" if seen.builds_index else "",
    )


def _statement(sample: Sample) -> str:
    return f"`{' '.join(sample.sql.split())}`".replace("|", "\\|")


def _own(sample: Sample, locks: Mapping[str, LockMode]) -> str:
    """The relation that the statement names first; the strongest lock where it names none of them."""
    operations = [operation for one in read_script(sample.sql).statements for operation in one.operations]
    named = next((operation.relation.name for operation in operations if operation.relation), "")
    for name in sorted(locks):
        if named and name.endswith(f".{named}"):
            return name
    return max(sorted(locks), key=lambda name: locks[name], default="")


def _others(sample: Sample, own: str, locks: Mapping[str, LockMode]) -> str:
    """``SHARE on partitions a, b; ACCESS SHARE on c``: by lock, and by what they are to the statement's own table."""
    catalog = history(sample.given)
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, mode in sorted(locks.items()):
        if name != own:
            grouped.setdefault((mode.sql, _role(_qualified(own), _qualified(name), catalog)), []).append(_short(name))
    return "; ".join(f"{mode} on {role}{', '.join(names)}" for (mode, role), names in grouped.items())


def _role(own: Name, other: Name, catalog: Catalog) -> str:
    known, beside = catalog.tables.get(own), catalog.tables.get(other)
    if known is None or beside is None:
        return ""
    if other in catalog.descendants(own):
        return "partitions " if beside.partition_of else "children "
    if own in catalog.descendants(other):
        return "the parent "
    if own in {constraint.references for constraint in beside.constraints.values()}:
        return "the referencing "
    if other in {constraint.references for constraint in known.constraints.values()}:
        return "the referenced "
    return ""


def _qualified(name: str) -> Name:
    schema, _, own = name.rpartition(".")
    return Name(schema or None, own)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_short, sorted(names)))


def _short(name: str) -> str:
    return name.removeprefix("public.")


# --------------------------------------------------------------------------- the page


def page(seen: Mapping[int, Mapping[int, Row]]) -> str:
    """The whole page; ``seen`` has the rows by a sample's number, and by major."""
    places = sorted(range(len(ALL)), key=lambda number: (kinds_of(ALL[number])[:1], number))
    parts = [HEAD]
    for kinds, numbers in groupby(places, key=lambda number: kinds_of(ALL[number])[:1]):
        rows = dict.fromkeys(line for number in numbers for line in _lines(seen.get(number, {})))
        table = [_line(COLUMNS), _line(["---"] * len(COLUMNS)), *rows]
        parts.append("\n".join(["", f"## {(kinds or ('other',))[0]}", "", *table, ""]))
    return "".join(parts)


def _lines(by_major: Mapping[int, Row]) -> list[str]:
    """A line for each run of majors that do the same."""
    runs = groupby(sorted(by_major.items()), key=lambda found: found[1])
    return [_line([*row, _versions([major for major, _ in found])]) for row, found in runs]


def _versions(majors: list[int]) -> str:
    if majors[-1] == MAJORS[-1] and len(majors) > 1:
        return "all" if majors[0] == MAJORS[0] else f"{majors[0]} and newer"
    return str(majors[0]) if len(majors) == 1 else f"{majors[0]} to {majors[-1]}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


@cache
def lines_on_page() -> frozenset[str]:
    return frozenset(PAGE.read_text("utf-8").splitlines())


def is_on_page(row: Row, major: int) -> bool:
    """Whether the page says this of this major."""
    start = _line(row).removesuffix(" |")
    spans = [line.removeprefix(start).strip("| ") for line in lines_on_page() if line.startswith(f"{start} | ")]
    return any(major in _majors(span) for span in spans)


def _majors(versions: str) -> range:
    if versions == "all":
        return range(MAJORS[0], MAJORS[-1] + 1)
    words = versions.split()
    last = MAJORS[-1] if words[-1] == "newer" else int(words[-1])
    return range(int(words[0]), last + 1)


def known_rows() -> dict[int, dict[int, Row]]:
    """What the page says already, by a sample's number; not of statements that several samples share."""
    rows = [
        line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines_on_page() if line.startswith("| `")
    ]
    cells = {statement: [row for row in rows if row[0] == statement] for statement in {row[0] for row in rows}}
    counts = Counter(map(_statement, ALL))
    return {
        number: {major: Row(*row[:-1]) for row in cells[_statement(sample)] for major in _majors(row[-1])}
        for number, sample in enumerate(ALL)
        if counts[_statement(sample)] == 1 and _statement(sample) in cells
    }


def main() -> None:
    """Measure every sample on every major that takes it, and write the page; with ``new``, those that it has not."""
    from tests.servers.choose import server_of

    seen = known_rows() if sys.argv[1:] == ["new"] else {}
    missing = [(number, sample) for number, sample in enumerate(ALL) if number not in seen]
    for major in MAJORS:
        with server_of(major) as server:
            for number, sample in missing:
                if sample.since <= major <= sample.until:
                    with server.database() as database:
                        seen.setdefault(number, {})[major] = row_of(sample, measured(database, sample), major)
        sys.stdout.write(f"PostgreSQL {major}: {len(missing)} samples\n")
    PAGE.write_text(page(seen), "utf-8")


if __name__ == "__main__":
    main()
