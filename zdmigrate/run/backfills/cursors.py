"""A backfill's rows in the ledger: which pass it is in, and how far each of its ranges is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.plan.step import LINES
from zdmigrate.run.backfills.leaves import Leaf, file_of
from zdmigrate.run.backfills.ranges import BlockRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.lease import Lease

_KEY = "app = %(app)s AND change = %(change)s AND position = %(position)s"


class Stand(NamedTuple):
    """Where a backfill stands: its pass, its blocks, rows changed so far in all passes, and seconds worked in this."""

    pass_number: int
    blocks: int
    rows: int
    seconds: float
    fingerprint: str


class Cursors:
    """Reads and writes the rows of one backfill. Every write is guarded by the lease."""

    def __init__(self, lease: Lease, plan: Plan, step: Step, backfill: Backfill) -> None:
        self.lease = lease
        self.backfill = backfill
        self.key = {"app": plan.app, "change": plan.change, "position": step.position}
        self.fingerprint = step.fingerprint

    def read(self, connection: Connection) -> Stand | None:
        """Where it stands; None before it has begun."""
        query = f"SELECT pass, blocks, rows, seconds, fingerprint FROM zdmigrate.backfill_progress WHERE {_KEY}"
        row = connection.execute(query.encode(), self.key).fetchone()
        return Stand(*row) if row else None

    def begin_pass(self, connection: Connection, leaves: Sequence[Leaf], number: int) -> None:
        """A pass over all of these tables; the rows of the passes before it are kept."""
        begun = f"""
            INSERT INTO zdmigrate.backfill (app, change, position, fingerprint, blocks, pass)
            VALUES (%(app)s, %(change)s, %(position)s, %(fingerprint)s, %(blocks)s, %(pass)s)
            ON CONFLICT (app, change, position) DO UPDATE SET blocks = excluded.blocks, pass = excluded.pass,
                seconds = 0,
                rows = backfill.rows + (SELECT coalesce(sum(r.rows), 0) FROM zdmigrate.backfill_range AS r WHERE {_KEY})
        """
        blocks = sum(leaf.blocks for leaf in leaves)
        with connection.transaction():
            self.lease.guard(connection)
            values = {**self.key, "fingerprint": self.fingerprint, "blocks": blocks, "pass": number}
            connection.execute(begun.encode(), values)
            connection.execute(f"DELETE FROM zdmigrate.backfill_range WHERE {_KEY}".encode(), self.key)
            for place, leaf in enumerate(leaves):
                self._add(connection, BlockRange(place, leaf, 0, leaf.blocks * LINES))

    def ranges(self, connection: Connection, leaves: Sequence[Leaf]) -> list[BlockRange]:
        """What is left to do of this pass; a leaf that was rewritten is begun again, one that is gone left out."""
        query = f"SELECT number, relation, file, next_place, end_place FROM zdmigrate.backfill_range WHERE {_KEY}"
        rows = connection.execute(query.encode(), self.key).fetchall()
        files = {leaf.oid: leaf for leaf in leaves}
        changed = {oid for _, oid, file, *_ in rows if oid not in files or files[oid].file != file}
        for oid in sorted(changed):
            self._begin_leaf(connection, oid, files.get(oid))
        if changed:
            rows = connection.execute(query.encode(), self.key).fetchall()
        return [BlockRange(row[0], files[row[1]], row[3], row[4]) for row in rows]

    def _begin_leaf(self, connection: Connection, oid: int, leaf: Leaf | None) -> None:
        """One table from its beginning: its file is another one, and no place in it means what it did."""
        of_leaf = f"{_KEY} AND relation = %(relation)s"
        values = {**self.key, "relation": oid}
        with connection.transaction():
            self.lease.guard(connection)
            kept = f"""
                UPDATE zdmigrate.backfill SET (rows, blocks) = (
                    SELECT backfill.rows + sum(r.rows), backfill.blocks + %(blocks)s - max(r.end_place) / {LINES}
                    FROM zdmigrate.backfill_range AS r WHERE {of_leaf})
                WHERE {_KEY}
            """
            connection.execute(kept.encode(), {**values, "blocks": leaf.blocks if leaf else 0})
            rows = connection.execute(
                f"DELETE FROM zdmigrate.backfill_range WHERE {of_leaf} RETURNING number".encode(), values
            ).fetchall()
            if leaf is not None:
                self._add(connection, BlockRange(min(row[0] for row in rows), leaf, 0, leaf.blocks * LINES))

    def split(self, connection: Connection, old: BlockRange, new: BlockRange) -> None:
        """What ``new`` has is no longer ``old``'s."""
        with connection.transaction():
            self.lease.guard(connection)
            query = f"UPDATE zdmigrate.backfill_range SET end_place = %(end)s WHERE {_KEY} AND number = %(number)s"
            connection.execute(query.encode(), {**self.key, "end": new.next, "number": old.number})
            self._add(connection, new)

    def advance(self, connection: Connection, done: BlockRange, rows: int) -> None:
        """A batch is done up to where it was to end; in the batch's own transaction."""
        query = (
            "UPDATE zdmigrate.backfill_range SET next_place = %(next)s, rows = rows + %(rows)s"
            f" WHERE {_KEY} AND number = %(number)s"
        )
        connection.execute(query.encode(), {**self.key, "next": done.busy, "rows": rows, "number": done.number})

    def was_rewritten(self, connection: Connection, leaf: Leaf) -> bool:
        """Whether a leaf has another file by now, or is gone. Asked behind the batch's lock: it holds still now."""
        return file_of(connection, self.backfill, leaf) != leaf.file

    def note(self, connection: Connection, seconds: float, workers: int, throttle: str) -> int:
        """How it goes, for others to read: seconds worked in this pass, workers, and what holds them back.

        Returns how many rows are left aside by now.
        """
        query = (
            "UPDATE zdmigrate.backfill SET seconds = %(seconds)s, workers = %(workers)s, throttle = %(throttle)s,"
            f" seen_at = pg_catalog.clock_timestamp() WHERE {_KEY}"
            f" RETURNING (SELECT count(*) FROM zdmigrate.quarantine WHERE {_KEY})"
        )
        values = {**self.key, "seconds": seconds, "workers": workers, "throttle": throttle or None}
        row = connection.execute(query.encode(), values).fetchone()
        return int(row[0]) if row else 0

    def _add(self, connection: Connection, new: BlockRange) -> None:
        query = (
            "INSERT INTO zdmigrate.backfill_range"
            " (app, change, position, number, relation, file, next_place, end_place) VALUES (%(app)s, %(change)s,"
            " %(position)s, %(number)s, %(relation)s, %(file)s, %(next)s, %(end)s)"
        )
        values: dict[str, Any] = {"number": new.number, "relation": new.leaf.oid, "file": new.leaf.file}
        connection.execute(query, {**self.key, **values, "next": new.next, "end": new.end})
