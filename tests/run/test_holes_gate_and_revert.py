"""Contracts and reverts that judged by what was no longer so, and reverts that dropped what was not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from tests.stories.halt import Halt

if TYPE_CHECKING:
    from tests.run.command import Printed
    from tests.run.project import Project
    from tests.stories.runners import Forge

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
DROP = "ALTER TABLE users DROP COLUMN name;\n"
CONTRACT = f"-- zdmigrate: contract\n{DROP}"
REVERT = "-- zdmigrate: revert\nALTER TABLE users DROP COLUMN label;\n"


def beat(project: Project, version: str, app: str = "app") -> str:
    [(answer,)] = project.database.execute("SELECT zdmigrate.beat(%s, %s, %s)", app, version, f"{app}-{version}")
    return str(answer)


def ask_contract(project: Project) -> Printed:
    """With the gate, unlike ``project.contract``; its rollback window is over at once."""
    return project.run("apply", "--phase", "contract", "--release", "v3", "--rollback-window", "1ms")


def columns(project: Project) -> set[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    return {name for (name,) in project.database.execute(query)}


# --------------------------------------------------------------------------- needs


@pytest.fixture
def billing(project: Project) -> Project:
    """Another app on the same database, with two releases."""
    for version in ("1", "2"):
        project.done("release", "add", version, "--app", "billing")
    return project


def needing(version: str) -> str:
    return CONTRACT.replace("contract", f"contract needs billing {version}", 1)


def test_a_need_that_was_edited_after_expand_is_what_the_gate_asks_for(billing: Project) -> None:
    billing.write("001_label.sql", COLUMN + needing("1"))
    assert billing.expand().code == 0
    billing.write("001_label.sql", COLUMN + needing("2"))
    beat(billing, "v2")
    beat(billing, "1", "billing")
    assert ask_contract(billing).code == 3
    assert "name" in columns(billing)


def test_a_need_in_a_contract_file_of_its_own_that_came_later_is_asked_for(billing: Project) -> None:
    billing.write("001_label.sql", COLUMN)
    assert billing.expand().code == 0
    billing.write("001_label.contract.sql", needing("2"))
    beat(billing, "v2")
    beat(billing, "1", "billing")
    assert ask_contract(billing).code == 3
    assert "name" in columns(billing)
    goodbye = "SELECT zdmigrate.goodbye('billing', '1', 'billing-1')"
    billing.database.execute(goodbye)
    beat(billing, "2", "billing")
    told = ask_contract(billing)
    assert told.code == 0, told.text
    assert "name" not in columns(billing)


# --------------------------------------------------------------------------- reverts and versions


def test_a_version_that_becomes_live_while_a_revert_waits_for_its_lease_keeps_its_column(
    project: Project, forge: Forge
) -> None:
    project.write("001_label.sql", COLUMN + REVERT)
    assert project.expand().code == 0
    with Halt(project.dsn, "pg_try_advisory_lock(", freezes=False) as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, "revert", "001_label"))
        assert proxy.halted.wait(30), proxy.runner.text
        assert beat(project, "v2") == "ok"
        proxy.let_go()
        assert proxy.runner.wait() == 3, proxy.runner.text
    assert "001_label is needed by versions that run, or may run" in proxy.runner.text
    assert (project.state("001_label"), "label" in columns(project)) == ("expanded", True)


def test_a_version_that_asks_after_a_revert_has_begun_is_not_ready(project: Project, forge: Forge) -> None:
    project.write("001_label.sql", COLUMN + REVERT)
    assert project.expand().code == 0
    with Halt(project.dsn, "ALTER TABLE users DROP", freezes=False) as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, "revert", "001_label"))
        assert proxy.halted.wait(30), proxy.runner.text
        assert project.run("ready", "--release", "v2").code == 1
        proxy.let_go()
        proxy.runner.wait()


def test_a_change_expanded_anew_belongs_to_the_new_release_and_the_old_one_is_old_for_it(project: Project) -> None:
    """v2 was built for a column that the revert dropped: it never knew what stands there now."""
    project.write("001_label.sql", COLUMN + CONTRACT + REVERT)
    assert project.expand().code == 0
    project.done("revert", "001_label")
    project.write("001_label.sql", COLUMN.replace("label", "title") + CONTRACT)
    project.done("apply", "--phase", "expand", "--release", "v2.1")
    query = "SELECT bound_to, zdmigrate.is_old_for('app', 'v2', id), zdmigrate.is_old_for('app', 'v2.1', id)"
    assert project.database.execute(f"{query} FROM zdmigrate.change") == [("v2.1", True, False)]
    beat(project, "v2")
    assert ask_contract(project).code == 3
    assert "name" in columns(project)


def test_a_change_expanded_again_as_it_was_stays_with_the_release_that_brought_it(project: Project) -> None:
    """v3 was registered with it while it was reverted: it did not bring it, and may contract it once v2 is there."""
    project.write("001_label.sql", COLUMN + CONTRACT + REVERT)
    assert project.expand().code == 0
    project.done("revert", "001_label")
    beat(project, "v2")
    assert ask_contract(project).code == 0, "there is nothing to contract; v3 is registered by it"
    project.done("apply", "--phase", "expand", "--again", "--release", "v2")
    query = "SELECT bound_to, zdmigrate.is_old_for('app', 'v2', id) FROM zdmigrate.change"
    assert project.database.execute(query) == [("v2", False)]
    told = ask_contract(project)
    assert told.code == 0, told.text
    assert "name" not in columns(project)


# --------------------------------------------------------------------------- undoing half an expand


def test_half_an_expand_is_undone_whatever_it_never_made(project: Project) -> None:
    """An index that was never built, and a table in a schema that was never made."""
    project.write(
        "001_half.sql",
        COLUMN + "SELECT 1 / 0;\nCREATE INDEX CONCURRENTLY by_label ON users (label);\nCREATE SCHEMA more;\n"
        "CREATE TABLE more.notes (id int);\n"
        "-- zdmigrate: revert\nDROP TABLE more.notes;\nDROP SCHEMA more;\nDROP INDEX CONCURRENTLY by_label;\n"
        "ALTER TABLE users DROP COLUMN label;\n",
    )
    refused(project.expand(), 4, "division by zero", "zdmigrate revert 001_half")
    told = project.revert("001_half")
    assert told.code == 0, told.text
    assert project.state("001_half") == "reverted"
    assert "label" not in columns(project)


MADE_BEFORE = {
    "notes": ("CREATE TABLE notes (id int)", "DROP TABLE notes"),
    "users.label": ("ALTER TABLE users ADD COLUMN label text", "ALTER TABLE users DROP COLUMN label"),
    "index by_name": ("CREATE INDEX by_name ON users (name)", "DROP INDEX by_name"),
}


@pytest.mark.parametrize("name", MADE_BEFORE)
def test_a_revert_never_drops_what_its_expand_did_not_make(name: str, project: Project) -> None:
    """A forgotten baseline: the change was there before the ledger was. The message says the way out, and it works."""
    make, undo = MADE_BEFORE[name]
    project.write("001_made.sql", f"-- zdmigrate: expand\nSELECT 1 / 0;\n{make};\n-- zdmigrate: revert\n{undo};\n")
    way_out = "zdmigrate init --release VERSION --baseline 001_made"
    refused(project.expand(), 4, "division by zero")
    project.database.execute(make)
    refused(project.expand(), 2, f"{name} is there already", way_out)
    refused(project.revert("001_made"), 2, f"{name} is there", "it was there before", way_out)
    project.done("init", "--release", "v1", "--baseline", "001_made")
    assert project.state("001_made") == "contracted"
    assert "nothing to do" in project.done("apply", "--phase", "expand", "--release", "v2").text


def test_a_function_of_other_arguments_is_no_reason_not_to_undo_half_an_expand(project: Project) -> None:
    """One of the same arguments is: DROP FUNCTION would take what was there before."""
    project.database.execute("CREATE FUNCTION price(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1'")
    make = "CREATE FUNCTION price(amount bigint, tags text[]) RETURNS bigint LANGUAGE sql AS 'SELECT $1'"
    undo = "DROP FUNCTION price(bigint, text[])"
    project.write("001_price.sql", f"-- zdmigrate: expand\nSELECT 1 / 0;\n{make};\n-- zdmigrate: revert\n{undo};\n")
    refused(project.expand(), 4, "division by zero")
    project.database.execute(make)
    refused(project.revert("001_price"), 2, "function price is there", "it was there before")
    project.database.execute(undo)
    project.done("revert", "001_price")
    assert project.database.execute("SELECT count(*) FROM pg_proc WHERE proname = 'price'") == [(1,)]


# --------------------------------------------------------------------------- phases


def test_all_phases_at_once_are_refused_where_two_releases_are_registered(project: Project) -> None:
    project.write("001_label.sql", COLUMN + CONTRACT)
    assert project.expand().code == 0
    refused(project.run("apply", "--phase", "all"), 3, "2 releases are registered on this database")
    assert "name" in columns(project)


def test_the_release_that_brought_a_change_is_told_that_a_later_one_contracts_it(project: Project) -> None:
    project.write("001_label.sql", COLUMN + CONTRACT)
    assert project.expand().code == 0
    told = project.done("apply", "--phase", "contract", "--release", "v2")
    assert "001_label came with this release: a later one contracts it" in told.text
    assert project.state("001_label") == "expanded"


def test_the_backfill_phase_starts_nothing_new(project: Project) -> None:
    fill = "-- zdmigrate: backfill\nUPDATE users SET label = name;\n"
    project.write("001_label.sql", COLUMN + fill)
    project.done("apply", "--phase", "expand", "--release", "v2", "--no-backfill")
    project.write("002_title.sql", COLUMN.replace("label", "title"))
    project.done("apply", "--phase", "backfill")
    assert (project.state("001_label"), project.state("002_title")) == ("expanded", None)
    assert "title" not in columns(project)


# --------------------------------------------------------------------------- nothing to undo


def test_a_change_that_only_contracts_is_taken_back_without_a_section(project: Project) -> None:
    project.write("001_name.sql", CONTRACT)
    assert project.expand().code == 0
    taken = project.run("revert", "001_name")
    assert taken.code == 0, taken.text
    assert ask_contract(project).code == 0
    assert "name" in columns(project), "its contract is off the table"
    again = project.run("revert", "001_name")
    assert "nothing to undo" in again.text


def test_an_expand_without_a_revert_is_still_refused(project: Project) -> None:
    project.write("001_label.sql", COLUMN + CONTRACT)
    assert project.expand().code == 0
    refused(project.run("revert", "001_label"), 2, "has no revert section")
