"""``alembic revision --autogenerate`` writes an expand and a contract, and leaves alone what a contract will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import BigInteger, Column, Text

from tests.alembic_write.models import after, before, shop
from tests.alembic_write.project import new_project
from tests.recipes.dump import dumped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alembic_write.project import Project
    from tests.servers.database import Database

OLD_APP = (
    "INSERT INTO users (id, name, email, legacy, total) VALUES ({id}, 'old', 'old{id}', 'x', {id})",
    "SELECT id, name, email, legacy, total FROM users WHERE id = {id}",
)
NEW_APP = (
    "INSERT INTO users (id, full_name, email, total_big, active) VALUES ({id}, 'new', 'new{id}', {id}, true)",
    "SELECT id, full_name, email, total_big, team_id, active FROM users WHERE id = {id}",
)


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Project:
    """One whose database has the old models' tables, with rows."""
    made = new_project(tmp_path, database)
    made.revise(before(), "r1")
    made.upgrade()
    for number in range(1, 4):
        for query in OLD_APP:
            database.execute(query.format(id=number))
    return made


def test_what_is_found_becomes_an_expand_and_a_contract_that_lint_clean(project: Project) -> None:
    written = project.revise(after(), "e1")
    assert sorted(written) == ["e1", "e1_contract"]
    assert 'zd_phase = "expand"' in written["e1"]
    assert 'zd_phase = "contract"' in written["e1_contract"]
    assert project.lint() == []


def test_alembics_own_calls_are_written_where_there_are_some(project: Project) -> None:
    expand, contract = project.revise(after(), "e1").values()
    for name in ("create_table", "add_column", "alter_column", "create_index", "zd_backfill"):
        assert f"op.{name}(" in expand
    assert "op.create_index(op.f('ix_users_team_id'), 'users', ['team_id'], unique=False, " in expand
    assert 'op.drop_column("users", "name")' in contract
    assert "postgresql_not_valid=True" in contract
    assert "ADD COLUMN" not in expand


def test_both_versions_of_the_app_live_between_the_phases(project: Project) -> None:
    project.revise(after(), "e1")
    project.upgrade("e1")
    for number, queries in ((11, OLD_APP), (12, NEW_APP)):
        for query in queries:
            project.database.execute(query.format(id=number))
    rows = project.database.execute("SELECT name, full_name, total, total_big FROM users WHERE id IN (1, 11, 12)")
    assert sorted(rows) == [("new", "new", 12, 12), ("old", "old", 1, 1), ("old", "old", 11, 11)]
    project.database.execute("DELETE FROM users WHERE email IS NULL")
    project.upgrade()
    for query in NEW_APP:
        project.database.execute(query.format(id=13))


def test_check_is_quiet_before_between_and_after_the_phases(project: Project) -> None:
    assert project.check(before())
    assert not project.check(after())
    project.revise(after(), "e1")
    project.upgrade("e1")
    assert project.check(after())
    project.upgrade()
    assert project.check(after())


def test_while_a_contract_waits_only_what_is_new_is_proposed(project: Project) -> None:
    project.revise(after(), "e1")
    project.upgrade("e1")
    models = after()
    models.tables["users"].append_column(Column("nick", Text))
    assert not project.check(models)
    written = project.revise(models, "e2")
    assert list(written) == ["e2"]
    assert written["e2"].count("op.") == 2  # one forth, one back
    project.upgrade()
    assert project.check(models)


@pytest.mark.whole
def test_a_waiting_contract_that_asks_the_database_is_named(project: Project) -> None:
    contract = project.revise(after(), "e1")["e1_contract"]
    project.upgrade("e1")
    top = "def upgrade() -> None:\n"
    assert top in contract
    asking = contract.replace('"""Upgrade schema."""', "").replace(
        top, f"{top}    op.get_bind().execute(sa.text('SELECT 1')).scalar()\n"
    )
    project.write("e1_contract", asking)
    with pytest.raises(CommandError, match=r"(?s)the waiting contract e1_contract .* cannot be seen .*--sql"):
        project.check(after())


def test_what_is_missing_besides_a_contract_is_refused_as_ever(project: Project) -> None:
    project.revise(after(), "e1")
    with pytest.raises(CommandError, match="not up to date"):
        project.check(after())


def test_an_expand_is_taken_back_by_downgrade(project: Project) -> None:
    as_it_was = dumped(project.database)
    project.revise(after(), "e1")
    project.upgrade("e1")
    project.database.execute("UPDATE users SET legacy = 'x' WHERE legacy IS NULL")
    project.downgrade("r1")
    assert dumped(project.database) == as_it_was


def test_a_contract_is_not_taken_back(project: Project) -> None:
    project.revise(after(), "e1")
    project.upgrade()
    with pytest.raises(NotImplementedError, match="forward only"):
        project.downgrade("e1")


def test_on_two_branches_the_contract_depends_on_its_expand(project: Project) -> None:
    for name, label in (("x0", "expand"), ("c0", "contract")):
        command.revision(project.config(None), message=name, rev_id=name, head="r1", splice=True, branch_label=label)
    project.upgrade()
    written = project.revise(after(), "e1")
    assert "down_revision: Union[str, Sequence[str], None] = 'x0'" in written["e1"]
    assert "down_revision: Union[str, Sequence[str], None] = 'c0'" in written["e1_contract"]
    assert "depends_on: Union[str, Sequence[str], None] = 'e1'" in written["e1_contract"]
    project.upgrade("expand@head")
    assert project.check(after())
    models = after()
    models.tables["users"].append_column(Column("nick", Text))
    assert list(project.revise(models, "e2")) == ["e2"]
    project.upgrade("expand@head")
    assert project.check(models)
    project.upgrade()
    assert project.check(models)


def test_tables_of_another_schema_are_named_with_it(tmp_path: Path, database: Database) -> None:
    database.execute("CREATE SCHEMA app")
    project = new_project(tmp_path, database, include_schemas=True)
    project.revise(before("app"), "r1")
    project.upgrade()
    project.revise(after("app"), "e1")
    assert project.lint() == []
    project.upgrade("e1")
    assert project.check(after("app"))
    project.upgrade()
    assert project.check(after("app"))


def test_what_include_object_leaves_out_is_left_out(tmp_path: Path, database: Database) -> None:
    def include(_: object, name: str | None, kind: str, *__: object) -> bool:
        return (kind, name) != ("column", "others")

    project = new_project(tmp_path, database, include_object=include)
    project.revise(before(), "r1")
    project.upgrade()
    database.execute("ALTER TABLE users ADD COLUMN others int")
    assert project.check(before())
    assert not project.check(shop())


def test_a_change_of_type_without_a_name_of_its_own_is_refused_with_what_to_say(project: Project) -> None:
    models = before()
    models.tables["users"].c.total.type = BigInteger()
    with pytest.raises(CommandError, match=r"users\.total becomes BIGINT.*zd_was"):
        project.revise(models, "e1")


def test_a_new_column_that_must_be_there_needs_a_value_for_old_rows(project: Project) -> None:
    models = before()
    models.tables["users"].append_column(Column("nick", Text, nullable=False))
    with pytest.raises(CommandError, match="zd_fill"):
        project.revise(models, "e1")
    models.tables["users"].c.nick.info["zd_fill"] = "'no:one 5%'"
    project.revise(models, "e1")
    assert project.lint() == []
    project.upgrade()
    assert project.database.execute("SELECT DISTINCT nick FROM users") == [("no:one 5%",)]


def test_nothing_found_is_an_empty_revision_as_ever(project: Project) -> None:
    written = project.revise(before(), "e1")
    assert list(written) == ["e1"]
    assert "zd_phase" not in written["e1"]


def test_a_table_that_goes_is_a_contract_alone(project: Project) -> None:
    models = shop(Column("name", Text, index=True), teams=True)
    project.revise(models, "e1")
    project.upgrade()
    models.remove(models.tables["teams"])
    written = project.revise(models, "e2")
    assert list(written) == ["e2"]
    assert 'op.drop_table("teams")' in written["e2"] or "op.drop_table('teams')" in written["e2"]
    assert 'zd_phase = "contract"' in written["e2"]
    assert project.check(models)
