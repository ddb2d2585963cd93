"""Old and new version write and read while a rewritten migration goes from expand to contract, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.run.command import zdmigrate
from tests.stories.apps import Version, users_version
from tests.stories.conftest import telling
from tests.stories.harness import Change, shop_schema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

NAME = users_version("v1", "name")
COUNT = Version(
    name="v1",
    insert="INSERT INTO users (email, visits) VALUES (%s, %s) RETURNING id",
    update="UPDATE users SET visits = %s WHERE id = %s",
    read="SELECT visits FROM users WHERE id = %s",
    touch="UPDATE users SET email = email WHERE id = %s",
    valued=lambda number: number,
)


def changed(version: Version, old: str, new: str) -> Version:
    """The next version, whose SQL says something else at one place."""
    texts = {name: getattr(version, name).replace(old, new) for name in ("insert", "update", "read", "touch")}
    return replace(version, name="v2", **texts)


@dataclass(frozen=True, slots=True)
class Plot:
    """A naive migration, and the versions around it."""

    naive: str
    old: Version
    new: Version
    agree: str = ""
    options: tuple[str, ...] = ()


PLOTS = {
    "a column is renamed": Plot(
        naive="ALTER TABLE users RENAME COLUMN name TO full_name;",
        old=NAME,
        new=users_version("v2", "full_name"),
        agree="SELECT count(*) FROM users WHERE name IS DISTINCT FROM full_name",
    ),
    "a type is widened": Plot(
        naive="ALTER TABLE users ALTER visits TYPE numeric(20, 3);",
        old=COUNT,
        new=changed(COUNT, "visits", "visit_count"),
        agree="SELECT count(*) FROM users WHERE visits IS DISTINCT FROM visit_count",
        options=("--as", "visit_count", "--fallback", "0"),
    ),
    "a number becomes text": Plot(
        naive="ALTER TABLE users ALTER visits TYPE text;",
        old=replace(COUNT, read="SELECT visits::text FROM users WHERE id = %s", valued=str),
        new=replace(changed(COUNT, "visits", "visit_text"), valued=str),
        agree="SELECT count(*) FROM users WHERE visits::text IS DISTINCT FROM visit_text",
        options=("--as", "visit_text", "--fallback", "-1"),
    ),
    "the primary key gets another name": Plot(
        naive="ALTER TABLE users RENAME id TO number;",
        old=NAME,
        new=changed(changed(NAME, "WHERE id", "WHERE number"), "RETURNING id", "RETURNING number"),
        options=("--allow", "twin-unique-upsert=nobody upserts on it"),
        agree="SELECT count(*) FROM users WHERE id IS DISTINCT FROM number",
    ),
    "a name is split in two": Plot(
        naive="ALTER TABLE users ADD COLUMN first text, ADD COLUMN last text NOT NULL DEFAULT '';"
        " UPDATE users SET first = split_part(name, ' ', 1), last = coalesce(split_part(name, ' ', 2), '');"
        " ALTER TABLE users DROP COLUMN name;",
        old=NAME,
        new=replace(
            NAME,
            name="v2",
            insert="INSERT INTO users (email, first, last) SELECT email, split_part(name, ' ', 1),"
            " split_part(name, ' ', 2) FROM (SELECT %s::text, %s::text) AS given (email, name) RETURNING id",
            update="UPDATE users SET (first, last) = (SELECT split_part(name, ' ', 1), split_part(name, ' ', 2)"
            " FROM (SELECT %s::text) AS given (name)) WHERE id = %s",
            read="SELECT first || ' ' || last FROM users WHERE id = %s",
        ),
        agree="SELECT count(*) FROM users WHERE name IS DISTINCT FROM first || ' ' || last",
        options=("--down", "name=first || ' ' || last"),
    ),
    "two columns become one": Plot(
        naive="ALTER TABLE users ADD COLUMN label text; UPDATE users SET label = visits || ':' || name;"
        " ALTER TABLE users DROP COLUMN name, DROP COLUMN visits;",
        old=replace(NAME, touch=COUNT.touch),
        new=Version(
            name="v2",
            insert="INSERT INTO users (email, label) VALUES (%s, '0:' || %s) RETURNING id",
            update="UPDATE users SET label = split_part(label, ':', 1) || ':' || %s WHERE id = %s",
            read="SELECT substr(label, strpos(label, ':') + 1) FROM users WHERE id = %s",
            touch=COUNT.touch,
        ),
        agree="SELECT count(*) FROM users WHERE label IS DISTINCT FROM visits || ':' || name",
        options=(
            "--down",
            "name=substr(label, strpos(label, ':') + 1)",
            "--down",
            "visits=split_part(label, ':', 1)::integer",
        ),
    ),
    "a table is renamed": Plot(
        naive="ALTER TABLE users RENAME TO people;", old=NAME, new=changed(NAME, "users", "people")
    ),
    "a column becomes NOT NULL": Plot(
        naive="UPDATE users SET name = 'none' WHERE name IS NULL; ALTER TABLE users ALTER name SET NOT NULL;",
        old=replace(NAME, read="SELECT nullif(name, 'none') FROM users WHERE id = %s", valued=lambda number: None),
        new=replace(NAME, name="v2", read="SELECT nullif(name, 'none') FROM users WHERE id = %s"),
        options=("--fill", "name='none'"),
    ),
}

every_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


def rewritten(plot: Plot, folder: Path) -> Change:
    """The plot's migration as rewrite writes it."""
    history = folder / "history"
    history.mkdir()
    (history / "000_shop.sql").write_text(shop_schema(1))
    file = history / "001_change.sql"
    file.write_text(plot.naive)
    printed = zdmigrate("rewrite", str(file), "--in-place", "--dir", str(history), *plot.options)
    assert printed.code == 0, printed.text
    return Change(files={file.name: file.read_text()}, old=plot.old, new=plot.new, agree=plot.agree)


@every_plot
def test_both_versions_write_from_expand_to_contract(database: Database, tmp_path: Path, plot: Plot) -> None:
    with telling(database, tmp_path) as tell:
        story = tell(rewritten(plot, tmp_path))
        story.before()
        story.expand()
        story.during()
        story.drain(story.old_app)
        story.both_sides_agree()
        story.contract()
        story.after_contract()


@every_plot
def test_the_old_version_goes_on_after_a_revert(database: Database, tmp_path: Path, plot: Plot) -> None:
    with telling(database, tmp_path) as tell:
        story = tell(rewritten(plot, tmp_path))
        story.before()
        story.expand()
        story.during()
        story.drain(story.new_app)
        story.run("revert", "001_change")
        story.after_revert()
