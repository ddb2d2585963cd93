"""Two versions of an app on SQLAlchemy live while revisions that ``rewrite`` has split are run: enums, and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import BigInteger, Column, Enum, Identity, MetaData, Table, Text

from tests.alembic_run.apps import App
from tests.alembic_run.project import Project as Running
from tests.alembic_write.project import new_project
from tests.cli_lint.command import zdmigrate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.alembic_write.project import Project as Written
    from tests.servers.database import Database

pytestmark = pytest.mark.whole

NAIVE = """
from alembic import op
revision = "r2"
down_revision = "r1"
def upgrade():
    {call}
"""
RENAME_VALUE = """op.execute("ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'")"""
RENAME_TABLE = 'op.rename_table("users", "members")'


def people(table: str, *columns: Column[Any]) -> MetaData:
    metadata = MetaData()
    Table(table, metadata, Column("id", BigInteger, Identity(), primary_key=True), *columns)
    return metadata


def moody(column: str, type: str, *values: str) -> MetaData:  # noqa: A002 - the enum's name
    return people("users", Column(column, Enum(*values, name=type)))


class Deployed:
    """A project whose first revision is in the database; the second one is written naively, and rewritten."""

    def __init__(self, folder: Path, database: Database, models: MetaData) -> None:
        self.database = database
        self.written: Written = new_project(folder, database)
        self.written.revise(models, "r1")
        self.written.upgrade()
        (folder / "zdmigrate.toml").write_text(f"source = 'alembic'\ndir = '{folder}'\n")
        self.project = Running(folder, database)
        self.project.done("init", "--release", "1", "--baseline")

    def rewrite(self, call: str, *answers: str) -> None:
        self.written.write("r2", NAIVE.format(call=call))
        done = zdmigrate("rewrite", "r2", "--in-place", *answers)
        assert done.code == 0, done.err
        assert sorted(self.written.revisions()) == ["r1", "r2", "r2_contract"]
        assert self.written.lint() == []

    def pass_through(self, old: App, new: App, newer: App) -> None:
        """Expand beside the old version, both for a while, and contract beside the new one: nothing fails."""
        with old:
            old.goes_on()
            expanded = self.project.expand("2")
            assert expanded.code == 0, expanded.text
            old.goes_on()
            with new:
                new.goes_on()
                old.goes_on()
        with newer:
            newer.goes_on()
            contracted = self.project.contract("3")
            assert contracted.code == 0, contracted.text
            newer.goes_on()
        assert self.project.current() == {"r2_contract"}
        assert old.failures == new.failures == newer.failures == []


@pytest.fixture
def deployed(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[MetaData], Deployed]:
    monkeypatch.chdir(tmp_path)
    return lambda models: Deployed(tmp_path, database, models)


def test_a_renamed_value_of_an_enum(deployed: Callable[[MetaData], Deployed]) -> None:
    before, after = moody("mood", "mood", "sad", "happy"), moody("feeling", "mood_2", "sad", "glad")
    shop = deployed(before)
    shop.rewrite(RENAME_VALUE, "--as", "users.mood=feeling")
    url = shop.project.url
    old = App(url, before, "mood", lambda _: {"mood": "happy"}, again=lambda number: ("sad", "happy")[number % 2])
    new, newer = (
        App(url, after, "feeling", lambda _: {"feeling": "glad"}, again=lambda number: ("sad", "glad")[number // 2 % 2])
        for _ in "ab"
    )
    shop.pass_through(old, new, newer)
    translated = {id: feeling.replace("happy", "glad") for id, feeling in old.journal.items()}  # noqa: A001
    must_be = {**translated, **new.journal, **newer.journal}
    there = dict(shop.database.execute("SELECT id, feeling::text FROM users"))
    assert {number: there.get(number) for number in must_be} == must_be
    assert shop.written.check(after)


def test_a_renamed_table(deployed: Callable[[MetaData], Deployed]) -> None:
    before, after = people("users", Column("name", Text)), people("members", Column("name", Text))
    shop = deployed(before)
    shop.rewrite(RENAME_TABLE)
    url = shop.project.url
    old = App(url, before, "name", lambda number: {"name": f"old {number}"})
    new, newer = (App(url, after, "name", lambda number: {"name": f"new {number}"}, table="members") for _ in "ab")
    shop.pass_through(old, new, newer)
    must_be = {**old.journal, **new.journal, **newer.journal}
    there = dict(shop.database.execute("SELECT id, name FROM members"))
    assert {number: there.get(number) for number in must_be} == must_be
    assert shop.written.check(after)
