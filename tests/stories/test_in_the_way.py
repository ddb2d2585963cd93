"""Somebody holds a lock that a step needs: the app goes on, and the step waits for its moment or gives up."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.stories.changes import RENAME
from tests.stories.harness import Story, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.database import Connection, Database

    Tell = Callable[..., Story]


@contextmanager
def long_reader(database: Database) -> Iterator[Connection]:
    """A report in one transaction, which reads users first and then takes its time."""
    with database.connect(application_name="the monthly report") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users")
        yield reader
        reader.execute("ROLLBACK")


def test_a_step_waits_for_a_long_reader_and_nobody_waits_for_the_step(tell: Tell) -> None:
    story = tell(RENAME)
    story.before()
    columns: list[str] = []

    def read_on() -> None:
        with long_reader(story.database):
            reading.set()
            story.old_app.works_on(400)
            columns.extend(columns_of(story.database, "users"))

    reading = threading.Event()
    reader = threading.Thread(target=read_on)
    reader.start()
    assert reading.wait(10)
    story.expand()
    reader.join()
    assert "full_name" not in columns, "the reader was still there"
    story.during()


def test_a_step_that_gets_no_lock_names_who_is_in_the_way_and_leaves_nothing(tell: Tell) -> None:
    story = tell(RENAME)
    story.before()
    with long_reader(story.database) as reader:
        told = story.expand("--lock-deadline", "300ms", code=5).err
        story.old_app.works_on()
        assert f"pid {reader.info.backend_pid} 'the monthly report'" in told
    assert "no AccessExclusiveLock on " in told
    assert "state: " in told
    assert "next: " in told
    assert "full_name" not in columns_of(story.database, "users")
    story.expand()
    story.during()


def test_a_contract_that_gets_no_lock_stays_begun_and_goes_on_later(tell: Tell) -> None:
    story = tell(RENAME)
    story.before()
    story.expand()
    story.during()
    story.drain(story.old_app)
    with long_reader(story.database):
        story.contract("--lock-deadline", "300ms", code=5)
        story.new_app.works_on()
        assert "name" in columns_of(story.database, "users")
    assert "it only goes forward" in story.run("revert", "001_full_name", code=2).err
    story.contract()
    story.after_contract()


def test_a_prepared_transaction_in_the_way_is_named(tell: Tell) -> None:
    story = tell(RENAME)
    story.before()
    with story.database.connect() as forgotten:
        forgotten.execute("BEGIN")
        forgotten.execute("UPDATE users SET visits = 0 WHERE false")
        forgotten.execute("PREPARE TRANSACTION 'forgotten'")
        told = story.expand("--lock-deadline", "300ms", code=5).err
        story.old_app.works_on()
        forgotten.execute("ROLLBACK PREPARED 'forgotten'")
    assert "the prepared transaction 'forgotten' (pg_prepared_xacts)" in told
