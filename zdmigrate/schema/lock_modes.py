"""PostgreSQL's eight table lock modes, from weakest to strongest, and which of them conflict.

Source: PostgreSQL manual, section 13.3.1, table 13.2.
"""

from __future__ import annotations

from enum import IntEnum


class LockMode(IntEnum):
    """A table lock mode; the number is the server's own (``lockdefs.h``)."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @property
    def sql(self) -> str:
        """As written in LOCK TABLE: ``ACCESS EXCLUSIVE``."""
        return self.name.replace("_", " ")

    @property
    def pg_locks(self) -> str:
        """As ``pg_locks.mode`` spells it: ``AccessExclusiveLock``."""
        return "".join(word.capitalize() for word in self.name.split("_")) + "Lock"

    @property
    def conflicts(self) -> frozenset[LockMode]:
        """The modes that another transaction cannot hold at the same time."""
        return _CONFLICTS[self]

    @property
    def blocks_readers(self) -> bool:
        """Whether a plain SELECT has to wait."""
        return self >= _STOPS_READERS

    @property
    def blocks_writers(self) -> bool:
        """Whether INSERT, UPDATE and DELETE have to wait."""
        return self >= _STOPS_WRITERS

    @classmethod
    def from_pg_locks(cls, text: str) -> LockMode:
        """The mode that ``pg_locks.mode`` spells so; ValueError for any other text."""
        for mode in cls:
            if mode.pg_locks == text:
                return mode
        raise ValueError(f"not a table lock mode: {text}")


_CONFLICTS = {
    mode: frozenset(LockMode(number) for number in numbers)
    for mode, numbers in {
        LockMode.ACCESS_SHARE: (8,),
        LockMode.ROW_SHARE: (7, 8),
        LockMode.ROW_EXCLUSIVE: (5, 6, 7, 8),
        LockMode.SHARE_UPDATE_EXCLUSIVE: (4, 5, 6, 7, 8),
        LockMode.SHARE: (3, 4, 6, 7, 8),
        LockMode.SHARE_ROW_EXCLUSIVE: (3, 4, 5, 6, 7, 8),
        LockMode.EXCLUSIVE: (2, 3, 4, 5, 6, 7, 8),
        LockMode.ACCESS_EXCLUSIVE: (1, 2, 3, 4, 5, 6, 7, 8),
    }.items()
}
# The weakest that ACCESS SHARE and ROW EXCLUSIVE have to wait for; with these, all that are stronger.
_STOPS_READERS, _STOPS_WRITERS = 8, 5
