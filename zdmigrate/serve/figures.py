"""``/metrics``: where everything stands, as Prometheus reads it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import zdmigrate
from zdmigrate.exposition import metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.exposition import Sample
    from zdmigrate.serve.remembered import Answer
    from zdmigrate.serve.view import View

    Figures = Iterator[tuple[str, dict[str, str], float]]

# What each says; all of them are gauges, and those in the first group are there without a database, too.
METRICS = {
    "zdmigrate_serve_info": "The program that answers; 1.",
    "zdmigrate_database_answers": "Whether the database has answered just now.",
    "zdmigrate_view_age_seconds": "How old the figures below are.",
    "zdmigrate_change_phase": "The phase that a change is in; 1.",
    "zdmigrate_change_steps_left": "Steps of its expand that are left.",
    "zdmigrate_change_overdue_seconds": "How long a contract has been pending, where that is too long.",
    "zdmigrate_backfill_blocks": "Blocks of the table that is backfilled.",
    "zdmigrate_backfill_blocks_done": "Those of them that the present pass has behind it.",
    "zdmigrate_backfill_rows": "Rows that the backfill has changed.",
    "zdmigrate_backfill_active": "Whether a runner is at it.",
    "zdmigrate_backfill_left_seconds": "How long the rest will take, where that can be told.",
    "zdmigrate_live_instances": "Instances of a version, by their state.",
    "zdmigrate_source_age_seconds": "How long ago a live source answered last, where it ever did.",
    "zdmigrate_source_counts": "Whether what a live source said last still counts for a gate.",
    "zdmigrate_release_retired": "Whether a contract has begun that the release does not know.",
    "zdmigrate_gate_open": "Whether the contract of a change may begin in the release registered last.",
    "zdmigrate_gate_reasons": "How many things of a kind are in the way.",
    "zdmigrate_gate_left_seconds": "How long until time alone opens the gate, where it does.",
    "zdmigrate_lease_held": "Leases that a runner holds; 1.",
    "zdmigrate_lock_waiting_sessions": "Sessions of this database that wait for a lock.",
    "zdmigrate_lock_waiting_seconds_max": "How long the one that waits longest has waited.",
}


def render(app: str, answer: Answer[View]) -> str:
    """The whole text; without an answer of the database that it does not answer."""
    samples: dict[str, list[Sample]] = {name: [] for name in METRICS}
    for name, labels, value in _all(answer):
        samples[name].append(({"app": app, **labels}, value))
    return "".join(metric(name, "gauge", told, samples[name]) for name, told in METRICS.items())


def _all(answer: Answer[View]) -> Figures:
    yield "zdmigrate_serve_info", {"program": zdmigrate.__version__}, 1
    yield "zdmigrate_database_answers", {}, answer.error is None
    if answer.value is not None:
        yield "zdmigrate_view_age_seconds", {}, answer.age
        for part in (_changes, _backfills, _live, _gates, _locks):
            yield from part(answer.value)


def _changes(view: View) -> Figures:
    for change in view.changes:
        if change.id not in view.standing.rows:
            yield "zdmigrate_change_phase", {"change": change.id, "phase": "none"}, 1
    for name, row in view.standing.rows.items():
        yield "zdmigrate_change_phase", {"change": name, "phase": row.state.value}, 1
    for name, left in view.standing.pending.items():
        yield "zdmigrate_change_steps_left", {"change": name}, left
    for each in view.standing.overdue:
        yield "zdmigrate_change_overdue_seconds", {"change": each.change}, each.seconds


def _backfills(view: View) -> Figures:
    for each in view.standing.backfills:
        labels = {"change": each.change, "step": str(each.step)}
        yield "zdmigrate_backfill_blocks", labels, each.blocks
        yield "zdmigrate_backfill_blocks_done", labels, each.blocks_done
        yield "zdmigrate_backfill_rows", labels, each.rows
        yield "zdmigrate_backfill_active", labels, each.runs
        if each.seconds_left is not None:
            yield "zdmigrate_backfill_left_seconds", labels, each.seconds_left


def _live(view: View) -> Figures:
    counted = Counter((seen.version, seen.state.value) for seen in view.standing.seen)
    for (version, state), number in sorted(counted.items()):
        yield "zdmigrate_live_instances", {"version": version, "state": state}, number
    for asked in view.asked:
        labels = {"source": asked.source, "of": asked.app}
        if asked.age is not None:
            yield "zdmigrate_source_age_seconds", labels, asked.age
        yield "zdmigrate_source_counts", labels, asked.counts
    for release in view.standing.releases:
        yield "zdmigrate_release_retired", {"release": release.version}, release.retired


def _gates(view: View) -> Figures:
    for verdict in view.standing.verdicts:
        labels = {"change": verdict.change, "release": verdict.release}
        yield "zdmigrate_gate_open", labels, verdict.open
        for code, number in sorted(Counter(str(reason.code) for reason in verdict.reasons).items()):
            yield "zdmigrate_gate_reasons", {**labels, "code": code}, number
        if verdict.seconds_left is not None:
            yield "zdmigrate_gate_left_seconds", labels, verdict.seconds_left


def _locks(view: View) -> Figures:
    for name, _, _ in view.standing.leases:
        yield "zdmigrate_lease_held", {"lease": name}, 1
    yield "zdmigrate_lock_waiting_sessions", {}, view.waits.sessions
    yield "zdmigrate_lock_waiting_seconds_max", {}, view.waits.longest
