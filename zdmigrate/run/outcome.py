"""What an apply did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zdmigrate.live.verdict import Verdict
    from zdmigrate.run.order import Waiting


@dataclass(slots=True)
class Outcome:
    """What an apply did: changes by what became of them, and the verdicts of gates that are shut."""

    expanded: list[str] = field(default_factory=list)
    waiting_for_backfill: list[str] = field(default_factory=list)
    contracted: list[str] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)  # the release that brought them does not contract them
    refused: list[Verdict] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)  # for a change that they stand on
    mended: int = 0  # rows that a backfill had left aside, and that are right or gone by now

    def to_json(self) -> dict[str, Any]:
        """What was done, as ``apply --format json`` prints it beside the verdicts."""
        return {
            "version": 1,
            "expanded": self.expanded,
            "waiting_for_backfill": self.waiting_for_backfill,
            "contracted": self.contracted,
            "too_early": self.too_early,
            "waiting": [each.to_json() for each in self.waiting],
        }
