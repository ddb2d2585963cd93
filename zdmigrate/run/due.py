"""Which changes are due, by the ledger and the files; a file that ran and was changed since is refused."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.ledger.changes import read_changes, read_sections
from zdmigrate.ledger.states import State
from zdmigrate.plan.build import build_plan
from zdmigrate.run.catalog import live_catalog, type_of
from zdmigrate.run.sections import checksums, is_rewritten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def plan_of(target: Target, connection: Connection, change: Change, phase: str) -> Plan:
    """The plan of a change's phase, as this database is now."""
    return build_plan(
        change,
        phase,
        app=target.app,
        catalog=live_catalog(connection, change),
        major=connection.info.server_version // 10000,
        type_of=partial(type_of, connection),
    )


def refuse_unrunnable(target: Target, connection: Connection, changes: Sequence[Change]) -> list[Plan]:
    """Raise InputError for what no plan can be made of, in any change, before the first one runs.

    Returns what the expands will be like: columns that earlier ones of these changes will add have no type yet, and
    any will do to find a malformed file.
    """
    expands = []
    for change in changes:
        for phase in ("expand", "contract"):
            catalog, major = live_catalog(connection, change), connection.info.server_version // 10000
            plan = build_plan(change, phase, app=target.app, catalog=catalog, major=major, type_of=lambda *_: "text")
            expands += [plan] if phase == "expand" else []
    return expands


@contextmanager
def nothing_run() -> Iterator[None]:
    """Whatever is refused in here was refused before anything ran, and says so."""
    try:
        yield
    except InputError as error:
        error.state = error.state or "nothing was run by this command"
        raise


def due_for_expand(target: Target, connection: Connection, changes: Sequence[Change], *, again: bool) -> list[Change]:
    """The changes that are not expanded, in order. Raises InputError for one that ran and was changed since."""
    rows = read_changes(connection, target.app)
    due = []
    for change in changes:
        row = rows.get(change.id)
        refuse_changed(target, connection, change, row)
        if row is None or row.state == State.EXPANDING or _anew(target, connection, change, row, again):
            due.append(change)
        elif row.state == State.REVERTING:
            target.listener.note(f"{change.id} is half reverted; finish that with: zdmigrate revert {change.id}")
    _note_order(target, changes, rows, due)
    return due


def due_for_contract(
    target: Target, connection: Connection, changes: Sequence[Change], release: str
) -> tuple[list[Change], list[Change]]:
    """What ``release`` may contract, and what came with it and waits for a later one; contracts only, in order."""
    rows = read_changes(connection, target.app)
    due: list[Change] = []
    too_early: list[Change] = []
    for change in changes:
        row = rows.get(change.id)
        refuse_changed(target, connection, change, row)
        if row is None or not any(section.name == "contract" for section in change.sections):
            continue
        if row.state == State.CONTRACTING:
            due.append(change)
        elif row.state == State.EXPANDED:
            own = row.bound_to == release and not target.config.gate.same_release
            (too_early if own else due).append(change)
    return due, too_early


def refuse_changed(target: Target, connection: Connection, change: Change, row: ChangeRow | None) -> None:
    """Raise InputError where a section that has run reads otherwise now; note one that has not run and does.

    What a revision of Alembic's is as SQL changes with the versions of Alembic and SQLAlchemy, too.
    """
    if (
        row is None
        or row.baseline
        or change.revision is not None
        or row.state not in (State.EXPANDED, State.CONTRACTING, State.CONTRACTED)
    ):
        return
    before = read_sections(connection, target.app, change.id)
    ran = checksums(change, "expand")
    if row.state == State.CONTRACTED:
        ran |= checksums(change, "contract")
    for (name, ordinal), checksum in ran.items():
        if before.get((name, ordinal)) not in (None, checksum):
            raise InputError(
                f"{change.path}:1: the section {name or 'of this file'} of {change.id} was changed after it had run",
                state="nothing was run by this command",
                hint="restore it as it was, and put what is new into a change of its own",
            )


def _anew(target: Target, connection: Connection, change: Change, row: ChangeRow, again: bool) -> bool:
    """Whether a reverted change is to be expanded once more: its file has changed, or it was asked for."""
    if row.state != State.REVERTED:
        return False
    return again or is_rewritten(connection, target.app, change)


def _note_order(target: Target, changes: Sequence[Change], rows: dict[str, ChangeRow], due: list[Change]) -> None:
    last = max((index for index, change in enumerate(changes) if change.id in rows), default=-1)
    by_name = [change for change in due if change.revision is None]  # Alembic's order is what stands on what
    late = [change.id for change in by_name if change.id not in rows and changes.index(change) < last]
    if late and target.config.out_of_order == "refuse":
        raise InputError(
            f"{late[0]} sorts before {changes[last].id}, which was applied already",
            state="nothing was run by this command",
            hint='give it a later number, or set out_of_order = "run"',
        )
    for change in late:
        target.listener.note(
            f"{change} sorts before {changes[last].id}, which was applied already; it runs all the same"
        )
