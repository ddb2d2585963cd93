"""What the gate says: may this contract start now, and if not, what is in the way, and for how long still."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Code(StrEnum):
    """Why a gate is shut. Stable: scripts read them."""

    OLD_VERSION_LIVE = "old-version-live"
    OLD_VERSION_SEEN_LATELY = "old-version-seen-lately"  # gone, but not for a whole rollback window
    INSTANCE_LOST = "instance-lost"  # an old instance fell silent without a goodbye
    NO_EVIDENCE = "no-evidence"  # no live version is known that is not old for the change
    RELEASE_LACKS_CHANGE = "release-lacks-change"
    SAME_RELEASE = "same-release"
    OTHER_APP = "other-app"
    SOURCE_SILENT = "source-silent"
    OBSERVATION_RESTARTED = "observation-restarted"  # nobody looked through a whole rollback window yet
    BEAT_IN_PROGRESS = "beat-in-progress"  # a session holds a beat's lock in a transaction that does not end


class Reason(NamedTuple):
    """One thing in the way. ``seconds_left`` is None where no clock, only somebody's act, takes it away.

    ``code`` is one of Code, or a word of whoever passed the reason in (the runner's preflight).
    """

    code: str
    sentence: str
    app: str | None = None
    version: str | None = None
    instance: str | None = None
    source: str | None = None
    last_seen: datetime | None = None
    seconds_left: float | None = None
    running: bool | None = None  # False: it does not run, and could start; None where the code says all


class Verdict(NamedTuple):
    """The gate's answer for one change in one release.

    ``overridden`` is what a forced fence passed over. ``not_fenced`` are registered versions that are old for the
    change and never beat: nothing is known of them, and no answer will stop them.
    """

    app: str
    change: str
    release: str
    open: bool
    reasons: tuple[Reason, ...]
    not_fenced: tuple[str, ...]
    asked_at: datetime
    overridden: tuple[Reason, ...] = ()

    @property
    def seconds_left(self) -> float | None:
        """How long until time alone opens the gate; None if it is open or waits for somebody's act as well."""
        lefts = [reason.seconds_left for reason in self.reasons]
        timed = [left for left in lefts if left is not None]
        return max(timed) if timed and len(timed) == len(lefts) else None
