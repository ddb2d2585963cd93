"""A step and a plan as values: what runs, under which lock, and how; printable, comparable, stored as JSON."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.schema.lock_modes import LockMode
    from zdmigrate.schema.names import Name

TRANSACTION = "transaction"
ALONE = "alone"
BACKFILL = "backfill"


LINES = 65_536  # places in a block


class Backfill(Value):
    """A statement that runs over ranges of rows of ``table``, ordered by their place in it.

    A place is a ctid as one integer: block times LINES plus line, as the server's own ItemPointer has it. A batch is
    ``before + relation + after + range + tail``, where range is a condition on ctid with ``alias`` before it.
    ``condition`` says which rows of ``source`` are not right yet.
    """

    verb: str  # update | delete | insert
    table: Name
    alias: str
    before: str
    relation: str  # the table as it is written: ONLY, name, alias
    after: str
    tail: str
    source: str = ""
    condition: str | None = None  # None for insert: repeated until a pass adds no row
    guarded: bool = False  # condition compares each target with its expression
    only: bool = False  # leaves partitions and children out
    names_table: bool = False  # calls columns by schema and table, so that it cannot run on another table
    assigned: tuple[str, ...] = ()
    batch: int | None = None  # rows; None: sized by time

    @property
    def head(self) -> str:
        """What stands before the range."""
        return self.before + self.relation + self.after

    @property
    def remaining(self) -> str | None:
        """The statement that counts the rows that are not right yet, over one snapshot."""
        if self.condition is None:
            return None
        return f"SELECT pg_catalog.count(*) FROM {self.source}\nWHERE {self.condition}"

    def range_sql(self, first: int, end: int) -> str:
        """The condition for the blocks from ``first`` to before ``end``."""
        return self._between(first * LINES, end * LINES)

    def batch_sql(self, first: int, end: int) -> str:
        """The whole statement for one range of blocks."""
        return self.rows_sql(first * LINES, end * LINES)

    def rows_sql(self, first: int, end: int, leaf: str | None = None) -> str:
        """The whole statement for the rows from one place to before another; of one partition or child, if named."""
        relation = self.relation if leaf is None else f"ONLY {leaf} AS {self.alias}"
        return self.before + relation + self.after + self._between(first, end) + self.tail

    def _between(self, first: int, end: int) -> str:
        ctid = f"{self.alias}.ctid"
        low, high = (f"'({place // LINES},{place % LINES})'::pg_catalog.tid" for place in (first, end))
        return f"{ctid} >= {low} AND {ctid} < {high}"


class Step(Value):
    """One unit of execution: a transaction, one statement outside of any, or a backfill.

    ``locks`` are the strongest mode for each relation that the statements name or that history knows to be
    touched; the runner adds partitions and foreign keys' other tables as it finds them on the server.
    ``settings`` are the SETs before it in its section, replayed on every connection that runs it.
    """

    position: int
    section: str  # expand | backfill | contract | revert
    mode: str  # transaction | alone | backfill
    path: str
    line: int
    statements: tuple[str, ...]
    settings: tuple[str, ...] = ()
    sets: bool = False  # a statement of its transaction sets something that would outlive it
    locks: tuple[tuple[Name, LockMode], ...] = ()
    rewrites: tuple[Name, ...] = ()
    scans: tuple[Name, ...] = ()
    builds_index: bool = False
    unknown: bool = False
    optional: bool = False
    index: Name | None = None  # of a statement outside of a transaction: the index it makes, drops or rebuilds
    detaches: tuple[Name, Name] | None = None  # of DETACH PARTITION CONCURRENTLY: the parent and the partition
    backfill: Backfill | None = None

    @property
    def fingerprint(self) -> str:
        """A hash over what runs: SQL and settings, not its place in the file."""
        text = "\0".join((self.mode, *self.settings, "", *self.statements))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def strongest(self) -> LockMode | None:
        """The strongest lock it takes on any relation it knows of."""
        return max((mode for _, mode in self.locks), default=None)

    @property
    def brief(self) -> bool:
        """Whether it has to be over within the lock budget: it holds a lock that a reader or a writer waits for."""
        return self.unknown or (self.strongest is not None and self.strongest.blocks_writers)

    def to_json(self) -> dict[str, Any]:
        """A JSON object from which ``from_json`` makes the same step."""
        plain = dict(zip(self.field_names, self.field_values(), strict=True))
        return plain | {
            "locks": {str(name): mode.pg_locks for name, mode in self.locks},
            "rewrites": [str(name) for name in self.rewrites],
            "scans": [str(name) for name in self.scans],
            "statements": list(self.statements),
            "settings": list(self.settings),
            "index": str(self.index) if self.index else None,
            "detaches": [str(name) for name in self.detaches] if self.detaches else None,
            "backfill": self.backfill.batch_sql(0, 1) if self.backfill else None,
            "fingerprint": self.fingerprint,
        }


class Plan(Value):
    """The steps of one phase of one change, in order.

    ``version_table`` is Alembic's, where the change is a revision: its last step writes there that it was run.
    """

    app: str
    change: str
    phase: str  # expand (its backfills in it) | contract | revert
    steps: tuple[Step, ...]
    path: str
    version_table: Name | None = None

    def writes_version(self, step: Step) -> bool:
        """Whether the revision is in the database with this step."""
        return self.version_table is not None and step.position == len(self.steps) - 1

    def to_json(self) -> dict[str, Any]:
        """A JSON object as ``zdmigrate plan --format json`` prints it."""
        plain = {"change": self.change, "phase": self.phase, "steps": [step.to_json() for step in self.steps]}
        return plain | ({"version_table": str(self.version_table)} if self.version_table else {})

    def difference(self, stored: dict[str, Any]) -> tuple[str, ...]:
        """What runs differently from a plan that was stored as JSON: sentences, empty when nothing does."""
        before = [step["fingerprint"] for step in stored["steps"]]
        after = [step.fingerprint for step in self.steps]
        if before == after:
            return ()
        if len(before) != len(after):
            return (f"{len(after)} steps, where {len(before)} were planned",)
        return tuple(
            f"step {number} is another: line {step.line}"
            for number, (step, old) in enumerate(zip(self.steps, before, strict=True), 1)
            if step.fingerprint != old
        )
