"""Revisions of Alembic's are run as changes are, and Alembic's own table says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic_run.conftest import USERS
from tests.alembic_run.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

ADD = 'op.add_column("users", sa.Column("email", sa.Text()))'
DROP = 'op.drop_column("users", "name")'
INDEX = (
    "with op.get_context().autocommit_block():",
    '    op.create_index("users_email", "users", ["email"], postgresql_concurrently=True)',
)


def test_an_expand_is_run_and_alembic_knows(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", ADD, down=('op.drop_column("users", "email")',), after="a1", phase="expand")
    printed = project.expand("1.1")
    assert printed.code == 0, printed.text
    assert project.columns("users") == ["id", "name", "email"]
    assert project.current() == {"b2"}
    assert project.states() == {"a1": "contracted", "b2": "expanded"}


def test_a_contract_waits_for_a_later_release_and_its_gate(taken_over: Project) -> None:
    project = taken_over
    project.revision("c2", DROP, after="a1", phase="contract")
    assert project.expand("1.1").code == 0
    assert project.current() == {"a1"}
    assert project.run("apply", "--phase", "contract", "--release", "1.2").code == 3
    assert project.columns("users") == ["id", "name"]
    assert project.contract("1.2").code == 0
    assert project.columns("users") == ["id"]
    assert project.current() == {"c2"}


@pytest.mark.whole
def test_in_one_line_what_stands_on_a_contract_waits_for_it(taken_over: Project) -> None:
    project = taken_over
    project.revision("c2", DROP, after="a1", phase="contract")
    project.revision("b3", ADD, after="c2", phase="expand")
    plan = project.done("plan")
    assert "b3 waits for the contract c2" in plan.out
    assert "on a branch of its own a contract stops nobody" in plan.out
    printed = project.expand("1.1")
    assert printed.code == 3
    assert "b3 waits for the contract c2" in printed.err
    assert project.current() == {"a1"}
    assert project.contract("1.2").code == 0
    assert project.expand("1.2").code == 0
    assert project.current() == {"b3"}


@pytest.mark.whole
def test_on_a_branch_of_its_own_a_contract_stops_nobody(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", ADD, after="a1", label="expand")
    project.revision("c2", DROP, after="a1", label="contract", depends="b2")
    project.revision("b3", *INDEX, after="b2")
    assert "waits" not in project.done("plan").out
    assert project.expand("1.1").code == 0
    assert project.current() == {"b3"}
    assert project.contract("1.2").code == 0
    assert project.current() == {"b3", "c2"}
    project.revision("m4", after=("b3", "c2"))
    assert project.expand("1.3").code == 0
    assert project.current() == {"m4"}


def test_what_cannot_be_in_a_transaction_is_followed_by_one_with_the_version(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", ADD, *INDEX, after="a1", phase="expand")
    plan = project.done("plan").out
    assert "outside of a transaction" in plan
    assert "writes alembic_version, as Alembic does" in plan
    assert project.expand("1.1").code == 0
    assert project.current() == {"b2"}


def test_a_revision_without_a_phase_may_only_add(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", ADD, after="a1")
    project.revision("b3", DROP, after="b2")
    printed = project.expand("1.1")
    assert printed.code == 2
    assert "this revision says no phase, and this statement does more than add" in printed.err
    assert 'zd_phase = "contract"' in printed.err
    assert project.current() == {"a1"}


def test_downgrade_is_the_revert_of_an_expand(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", ADD, down=('op.drop_column("users", "email")',), after="a1", phase="expand")
    project.revision("b3", down=("pass",), after="b2")
    assert project.expand("1.1").code == 0
    printed = project.run("revert", "b2")
    assert printed.code == 2
    assert "b3 stands on b2" in printed.err
    assert project.run("revert", "b3").code == 0
    assert project.current() == {"b2"}
    assert project.run("revert", "b2").code == 0
    assert project.columns("users") == ["id", "name"]
    assert project.current() == {"a1"}


@pytest.mark.whole
def test_plain_alembic_goes_on_and_is_taken_note_of(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", ADD, down=('op.drop_column("users", "email")',), after="a1", phase="expand")
    assert project.expand("1.1").code == 0
    project.revision("c3", DROP, down=("pass",), after="b2", phase="contract")
    project.revision("b4", after="c3")
    project.alembic("upgrade", "head")
    assert "nothing to expand" in project.done("plan").out
    printed = project.expand("1.2")
    assert printed.code == 0, printed.text
    assert "Alembic has run c3, b4: noted as done" in printed.err
    assert project.states() == {"a1": "contracted", "b2": "expanded", "c3": "contracted", "b4": "contracted"}
    project.alembic("downgrade", "a1")
    assert "Alembic has taken back b2, c3, b4" in project.run("apply", "--phase", "backfill").err
    assert project.states()["b2"] == "reverted"


def test_a_revision_that_asks_the_database_is_left_to_alembic(taken_over: Project) -> None:
    project = taken_over
    project.revision("b2", "if op.get_bind().dialect.has_table(op.get_bind(), 'users'):", "    " + ADD, after="a1")
    printed = project.expand("1.1")
    assert printed.code == 2
    assert "cannot be seen before it runs" in printed.err
    project.alembic("upgrade", "head")
    assert project.expand("1.1").code == 0
    assert project.states()["b2"] == "contracted"


@pytest.mark.whole
def test_a_new_database_gets_the_table_of_versions_that_env_py_names(tmp_path: Path, database: Database) -> None:
    project = Project(tmp_path / "app", database, ', version_table="versions", version_table_schema="ops"').begin()
    database.execute("CREATE SCHEMA ops")
    project.revision("a1", USERS)
    project.done("init", "--release", "1.0")
    assert project.expand("1.1").code == 0
    assert project.current() == {"a1"}
    project.revision("b2", ADD, after="a1")
    project.alembic("upgrade", "head")
    assert project.current() == {"b2"}


def test_a_version_of_a_branch_that_is_not_here_is_refused(taken_over: Project) -> None:
    project = taken_over
    project.database.execute("UPDATE alembic_version SET version_num = 'elsewhere'")
    printed = project.expand("1.1")
    assert printed.code == 2
    assert "revision elsewhere is in this database, and no file here is that revision" in printed.err


def test_init_takes_over_what_alembics_table_says_and_nothing_else(project: Project) -> None:
    project.revision("a1", USERS)
    project.revision("b2", ADD, after="a1")
    printed = project.run("init", "--release", "1.0", "--baseline")
    assert "alembic stamp" in printed.err
    project.alembic("upgrade", "a1")
    printed = project.run("init", "--release", "1.0", "--baseline", "b2")
    assert "says that b2 is not in this database" in printed.err
    project.done("init", "--release", "1.0", "--baseline")
    assert project.states() == {"a1": "contracted"}


@pytest.mark.whole
def test_a_contract_looks_whether_what_its_expand_has_filled_is_in_step(taken_over: Project) -> None:
    project = taken_over
    project.database.execute("INSERT INTO users SELECT n, 'name ' || n FROM generate_series(1, 10) AS n")
    function = "BEGIN NEW.full_name := NEW.name; RETURN NEW; END"
    project.revision(
        "b2",
        "import zdmigrate.alembic.operations",
        'op.add_column("users", sa.Column("full_name", sa.Text()))',
        f'op.execute("CREATE FUNCTION sync() RETURNS trigger LANGUAGE plpgsql AS $$ {function} $$")',
        'op.execute("CREATE TRIGGER sync BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION sync()")',
        'op.backfill("UPDATE users SET full_name = name")',
        after="a1",
        phase="expand",
    )
    drops = ('op.execute("DROP TRIGGER sync ON users")', 'op.execute("DROP FUNCTION sync()")', DROP)
    project.revision("c3", *drops, after="b2", phase="contract")
    assert project.expand("1.1").code == 0
    assert project.current() == {"b2"}
    project.database.execute("ALTER TABLE users DISABLE TRIGGER sync")
    project.database.execute("UPDATE users SET name = 'other' WHERE id = 3")
    project.database.execute("ALTER TABLE users ENABLE TRIGGER sync")
    refused = project.contract("1.2")
    assert refused.code == 3
    assert "1 rows of public.users are not in step" in " ".join(refused.out.split())
    project.database.execute("UPDATE users SET id = id")
    assert project.contract("1.2").code == 0
    assert project.columns("users") == ["id", "full_name"]


@pytest.mark.whole
def test_all_phases_bring_a_new_database_to_the_heads(project: Project) -> None:
    project.revision("a1", USERS)
    project.revision("c2", DROP, after="a1", phase="contract")
    project.revision("b3", ADD, *INDEX, after="c2")
    project.done("init", "--release", "1.0")
    project.done("apply", "--phase", "all")
    assert project.columns("users") == ["id", "email"]
    assert project.current() == {"b3"}
    assert "nothing to do" in project.done("apply", "--phase", "all").text
    assert "contracted" in project.done("status").out
