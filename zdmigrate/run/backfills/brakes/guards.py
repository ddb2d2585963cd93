"""The app's health: guards that say no hold a backfill back, or end it, as its configuration has it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from zdmigrate.errors import NotYet, StepFailed
from zdmigrate.guards.judge import take_baseline
from zdmigrate.guards.measure import Unmeasured
from zdmigrate.guards.watch import GuardWatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.config import Guard
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.backfills.brakes import Brake, Scene
    from zdmigrate.run.backfills.cursors import Cursors

_KEY = " WHERE app = %(app)s AND change = %(change)s AND position = %(position)s"


class GuardBreached(StepFailed):
    """A guard has said no, and that ends the run; ``breaches`` are its words."""

    def __init__(self, change: str, breaches: str) -> None:
        super().__init__(
            f"the backfill of {change} was ended: {breaches}",
            state="every batch that was committed stands",
            hint="once the app is well, zdmigrate apply --phase backfill goes on from there",
        )

    @classmethod
    def in_expand(cls, change: str, breaches: str) -> GuardBreached:
        """The same between two steps of an expand."""
        error = cls(change, breaches)
        error.sentence = f"the expand of {change} was ended: {breaches}"
        error.state = "the steps that were told as done stand"
        error.hint = "once the app is well, zdmigrate apply --phase expand goes on from there"
        return error

    def reverted(self) -> GuardBreached:
        """The same, after the change was undone."""
        self.state = "the change was reverted"
        self.hint = "once the app is well, zdmigrate apply --phase expand --again"
        return self


class Guards:
    """Pauses while a guard says no; with another action than ``pause`` it raises GuardBreached."""

    kind = "guards"

    def __init__(self, watch: GuardWatch, change: str) -> None:
        self.watch = watch
        self.change = change

    def reason(self, scene: Scene) -> str:
        breaches = "; ".join(self.watch.breaches())
        if breaches and scene.settings.guard_action != "pause":
            raise GuardBreached(self.change, breaches)
        return breaches


@contextmanager
def guarded(connection: Connection, guards: Sequence[Guard], cursors: Cursors) -> Iterator[list[Brake]]:
    """The brake of these guards for the body, none where there are none.

    Their baseline is taken before the first batch and kept in the ledger: a run that is resumed while the app does
    badly must not take that for its usual state. Raises NotYet where it cannot be taken.
    """
    if not guards:
        yield []
        return
    change = str(cursors.key["change"])
    query = f"SELECT baseline FROM zdmigrate.backfill{_KEY}"
    known = connection.execute(query.encode(), cursors.key).fetchall()[0][0]
    try:
        baseline = take_baseline(guards, known)
    except Unmeasured as error:
        raise NotYet(str(error), state="no batch was run by this command", hint="mend it, then run it again") from None
    connection.execute(
        f"UPDATE zdmigrate.backfill SET baseline = %(baseline)s{_KEY}".encode(),
        {**cursors.key, "baseline": Jsonb({**known, **baseline})},
    )
    with GuardWatch(guards, baseline) as watch:
        yield [Guards(watch, change)]
