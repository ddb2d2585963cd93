"""What one connection wrote and was told is committed: the other side of every comparison with the table."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Name = str | None | object  # GONE where the user was deleted

GONE: Final = object()


class Record:
    """Kept by one connection, read by others once it has stopped.

    A write is noted when its commit was acknowledged. One whose answer never came, because the connection broke,
    stays in doubt: the table may show it or not, and neither is a lost write.
    """

    def __init__(self) -> None:
        self.queries = 0
        self.writes = 0  # acknowledged
        self.failures: list[str] = []
        self.names: dict[str, Name] = {}  # by email: what this connection wrote last
        self.counted: Counter[str] = Counter()  # by email: how often this connection raised a shared user's counter
        self.misread: dict[str, str] = {}  # by email: something else was read than had been committed
        self.doubtful_names: dict[str, Name] = {}
        self.doubtful_counts: set[str] = set()

    @contextmanager
    def writing(self, names: Mapping[str, Name]) -> Iterator[None]:
        """These users' names are being written; they are known as written when the block ends well."""
        self.doubtful_names = dict(names)
        yield
        self.names.update(names)
        self.writes += 1
        self.settled()

    @contextmanager
    def counting(self, email: str) -> Iterator[None]:
        """The same for a shared user's counter."""
        self.doubtful_counts = {email}
        yield
        self.counted[email] += 1
        self.writes += 1
        self.settled()

    def settled(self) -> None:
        """The server has answered: done, or certainly not done."""
        self.doubtful_names = {}
        self.doubtful_counts = set()
