"""Versions of an application on SQLAlchemy: mapped classes, sessions and a pool, until they are stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import MetaData

ENOUGH = 60  # seconds in which any app has made its rounds, or something is stuck


class App:
    """Writes rows of its own and reads them again. ``row`` makes a row's values from a number, ``named`` is one.

    It writes that one a second time: what ``again`` makes of the number. The models name all columns in each SELECT
    and INSERT; a connection of the pool prepares what it has sent often.
    """

    def __init__(
        self,
        url: str,
        models: MetaData,
        named: str,
        row: Callable[[int], dict[str, Any]],
        *,
        table: str = "users",
        again: Callable[[int], str] | None = None,
    ) -> None:
        self.engine = create_engine(url, pool_size=2, max_overflow=0)
        self.user: Any = type("User", (), {})
        registry(metadata=models).map_imperatively(self.user, models.tables[table])
        self.named, self.row = named, row
        self.again = again or (lambda number: f"{named} {number} again")
        self.journal: dict[int, str] = {}  # what must be in the database, by id
        self.failures: list[str] = []
        self.rounds = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(first,)) for first in (1, 2)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self.engine.dispose()

    def goes_on(self, rounds: int = 10) -> None:
        """Return when it has made so many more rounds."""
        before, waiting = self.rounds, threading.Event()
        for _ in range(ENOUGH * 100):
            if self.rounds >= before + rounds or self.failures:
                return
            waiting.wait(0.01)
        raise AssertionError("the app is stuck")

    def _work(self, number: int) -> None:
        while not self._ended.wait(0.01) and not self.failures:
            number += 2
            try:
                self._round(number)
            except Exception as error:  # noqa: BLE001 - whatever fails is what this is about
                self.failures.append(repr(error))
            self.rounds += 1

    def _round(self, number: int) -> None:
        with Session(self.engine) as session:
            user = self.user(**self.row(number))
            session.add(user)
            session.commit()
            id = user.id  # noqa: A001 - the column's name
            self.journal[id] = getattr(user, self.named)
            setattr(user, self.named, self.again(number))
            session.commit()
            self.journal[id] = self.again(number)
        with Session(self.engine) as session:
            found = session.scalars(select(self.user).where(self.user.id == id)).one()
            if getattr(found, self.named) != self.journal[id]:
                self.failures.append(f"{id} is {getattr(found, self.named)!r}, and not {self.journal[id]!r}")
            session.scalars(select(self.user).order_by(self.user.id.desc()).limit(5)).all()
