"""A value that cannot be converted stops with its row's key; once it is mended, the same command goes on: proof 6."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.recipes.bench import same_rows, same_schema
from tests.recipes.cases import Case
from tests.recipes.life import Life
from tests.recipes.writers import replay
from tests.run.project import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recipes.bench import Bench

EXPAND = ("apply", "--phase", "expand", "--release", "v2")
CONTRACT = ("apply", "--phase", "contract", "--release", "v3", "--force", "--reason", "the old version is stopped")


class Bad(NamedTuple):
    """``spoils`` makes the value, ``mends`` takes it away; ``words`` is what the refusal has to name.

    Row 10 is one that the old version neither writes nor copies (tests/recipes/writers.py).
    """

    naive: str
    spoils: str
    mends: str
    words: str
    phase: tuple[str, ...]
    options: tuple[str, ...] = ()
    then: str = ""


BAD = {
    "a text that is no number": Bad(
        naive="ALTER TABLE members ALTER name TYPE integer USING name::integer;",
        spoils="UPDATE members SET name = CASE WHEN id = 10 THEN 'abc' ELSE id::text END",
        mends="UPDATE members SET name = '10' WHERE name = 'abc'",
        words='invalid input syntax for type integer: "abc" (22P02); it is the row (id)=(10) of public.members',
        phase=EXPAND,
        options=("--as", "number", "--fallback", "NULL"),
        then="ALTER TABLE members RENAME name TO number",
    ),
    "a number that is too large": Bad(
        naive="ALTER TABLE books ALTER copies TYPE smallint;",
        spoils="UPDATE books SET copies = 40000 WHERE id = 10",
        mends="UPDATE books SET copies = 4 WHERE copies = 40000",
        words="smallint out of range (22003); it is the row (id)=(10) of public.books",
        phase=EXPAND,
        options=("--as", "few"),
        then="ALTER TABLE books RENAME copies TO few",
    ),
    "a NULL where NULL may not be": Bad(
        naive="ALTER TABLE books ALTER copies SET NOT NULL;",
        spoils="UPDATE books SET copies = NULL WHERE id = 10",
        mends="UPDATE books SET copies = 1 WHERE copies IS NULL",
        words="it is the row (id)=(10) of public.books",
        phase=CONTRACT,
    ),
    "a row that a CHECK forbids": Bad(
        naive="ALTER TABLE loans ADD CONSTRAINT short CHECK (days < 100);",
        spoils="UPDATE loans SET days = 100 WHERE book = 10; ALTER TABLE loans ADD PRIMARY KEY (book, since)",
        mends="UPDATE loans SET days = 99 WHERE days = 100",
        words="it is the row (book, since)=(10, 2026-01-01",
        phase=CONTRACT,
    ),
    "two rows where each may be there once": Bad(
        naive="ALTER TABLE books ADD CONSTRAINT titled UNIQUE (title);",
        spoils="UPDATE books SET title = 'title 1' WHERE id = 2",
        mends="UPDATE books SET title = 'title 2' WHERE id = 2",
        words="Key (title)=(title 1) is duplicated",
        phase=CONTRACT,
    ),
    "a row that refers to none": Bad(
        naive="ALTER TABLE visits ADD CONSTRAINT booked FOREIGN KEY (member) REFERENCES books;",
        spoils="ALTER TABLE visits DROP CONSTRAINT visits_member_fkey; UPDATE visits SET member = 999 WHERE id = 10",
        mends="UPDATE visits SET member = 1 WHERE member = 999",
        words="Key (member)=(999) is not present in table",
        phase=CONTRACT,
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_row_is_named_nothing_is_lost_and_the_same_command_goes_on(
    bench: Callable[[Case], Bench], bad: Bad
) -> None:
    on = bench(Case(name="bad", naive=bad.naive, options=bad.options, then=bad.then))
    on.rewrite()
    (on.folder / "001_furniture.sql").unlink()
    database, wanted, migrated = on.database(), on.database(), on.database()
    for each in (database, wanted, migrated):
        each.execute(bad.spoils)
    migrated.execute(bad.mends)
    on.migrate(migrated)
    with Life(database, migrated, on.folder) as life:
        life.run("init", "--release", "v1")
        life.old.start().works_on()
        if bad.phase == EXPAND:
            refused(on.zdmigrate(*EXPAND, "--dsn", database.dsn), 4, bad.words)
            assert_progress_is_kept(life)
            life.old.works_on()
            database.execute(bad.mends)
        life.run(*EXPAND)
        life.old.stop()
        life.old.writes_last()
        if bad.phase == CONTRACT:
            refused(on.zdmigrate(*CONTRACT, "--dsn", database.dsn), 4, bad.words)
            database.execute(bad.mends)
        life.run(*CONTRACT)
    replay(life.old.journal, wanted)
    wanted.execute(bad.mends)
    on.migrate(wanted)
    same_schema(database, wanted)
    same_rows(database, wanted)


def assert_progress_is_kept(life: Life) -> None:
    [(steps,)] = life.database.execute("SELECT count(*) FROM zdmigrate.step WHERE state = 'done'")
    assert steps >= 3, "the column, the function and the trigger"
