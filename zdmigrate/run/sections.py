"""What the sections of a change's file say, and whether they still say what ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.ledger.changes import read_sections
from zdmigrate.plan.build import SECTIONS_OF

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.sources.change import Change


def needs_of(change: Change) -> list[tuple[str, str]]:
    """The releases of other apps that the change's contract needs."""
    return [need for section in change.sections for need in section.needs]


def is_rewritten(connection: Connection, app: str, change: Change) -> bool:
    """Whether what its expand runs is not what it ran the last time, as far as it ran."""
    before = read_sections(connection, app, change.id)
    return any(before.get(key) != checksum for key, checksum in checksums(change, "expand").items())


def checksums(change: Change, phase: str) -> dict[tuple[str, int], str]:
    """The checksums of the sections of a phase, by name and place; a backfill belongs to expand."""
    names = SECTIONS_OF[phase]
    return {(section.name, section.ordinal): section.checksum for section in change.sections if section.name in names}
