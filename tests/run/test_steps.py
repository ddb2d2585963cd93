"""Steps in a transaction: their settings, their locks, their refusals, and two runners with one idea."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.run.project import refused
from tests.stories.proxy import Proxy
from zdmigrate.run.lease import take_lease

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pytest

    from tests.run.project import Project
    from tests.stories.proxy import Request
    from zdmigrate.run.lease import Lease

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"


SLOW = """
    CREATE FUNCTION slow(text) RETURNS boolean LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_sleep({}); RETURN true; END $$
"""


def columns(project: Project, table: str) -> set[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    return {row[0] for row in project.database.execute(query, table)}


def test_settings_hold_for_the_statements_after_them_in_their_section(project: Project) -> None:
    project.database.execute("CREATE SCHEMA other")
    project.database.execute("CREATE TABLE other.users (id int)")
    project.write(
        "001_other.sql",
        "-- zdmigrate: expand\nSET search_path = other;\nALTER TABLE users ADD COLUMN label text;\n"
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN plain text;\n",
    )
    assert project.expand().code == 0
    assert columns(project, "other.users") == {"id", "label"}
    assert "plain" in columns(project, "public.users")


def test_settings_are_replayed_when_a_run_goes_on(project: Project) -> None:
    project.database.execute("CREATE SCHEMA other")
    project.database.execute("CREATE TABLE other.users (id int)")
    text = (
        "-- zdmigrate: expand\nSET search_path = other;\nALTER TABLE users ADD COLUMN label text;\n"
        "ALTER TABLE users ADD COLUMN {} text;\n"
    )
    project.write("001_other.sql", text.format("label"))
    refused(project.expand(), 4, 'column "label" of relation "users" already exists', "step 1 stands")
    project.write("001_other.sql", text.format("more"))
    assert project.expand().code == 0
    assert columns(project, "other.users") == {"id", "label", "more"}


def test_a_role_that_is_set_does_not_keep_the_ledger_from_its_own(project: Project) -> None:
    role = project.database.create_role("owner")
    project.database.execute(f'GRANT CREATE ON SCHEMA public TO "{role}"')
    project.write(
        "001_owned.sql",
        f'-- zdmigrate: expand\nSET ROLE "{role}";\nCREATE TABLE owned (id int);\n'
        "-- zdmigrate: expand\nCREATE TABLE ours (id int);\n",
    )
    told = project.expand()
    assert told.code == 0, told.text
    query = "SELECT relowner::regrole::text FROM pg_class WHERE relname = %s"
    assert project.database.execute(query, "owned") == [(role,)]
    assert project.database.execute(query, "ours") != [(role,)]
    project.database.execute("DROP TABLE owned")
    project.database.execute(f'REVOKE CREATE ON SCHEMA public FROM "{role}"')


def test_a_scan_that_stops_nobody_takes_the_time_it_takes(project: Project) -> None:
    """VALIDATE reads the whole table: longer than the lock budget, and nobody waits for it."""
    project.database.execute(SLOW.format(0.0003))
    project.write(
        "001_check.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD CONSTRAINT slowly CHECK (slow(name)) NOT VALID;\n"
        "ALTER TABLE users VALIDATE CONSTRAINT slowly;\n",
    )
    told = project.expand()
    assert told.code == 0, told.text
    assert project.database.execute("SELECT convalidated FROM pg_constraint WHERE conname = 'slowly'") == [(True,)]


def test_work_that_takes_longer_than_the_budget_under_a_strong_lock_is_refused(project: Project) -> None:
    project.database.execute(SLOW.format(0.001))
    project.write(
        "001_check.sql", "-- zdmigrate: expand\nALTER TABLE users ADD CONSTRAINT slowly CHECK (slow(name));\n"
    )
    refused(project.expand(), 4, "the step needs longer than the lock budget of 200 ms")
    assert project.database.execute("SELECT 1 FROM pg_constraint WHERE conname = 'slowly'") == []


def test_what_a_slow_network_takes_of_the_budget_is_not_given_to_the_statements(project: Project) -> None:
    """Found by tests/simulate: a query waited 222 ms, since three messages came after the last look at the clock."""
    project.database.execute(SLOW.format(0.1))
    project.database.execute("CREATE TABLE one AS SELECT 'a'::text AS label")
    project.write("001_one.sql", "-- zdmigrate: expand\nALTER TABLE one ADD CONSTRAINT c CHECK (slow(label));")
    with SlowNetwork(project.dsn) as network:
        printed = project.run("apply", "--phase", "expand", "--release", "v2", dsn=network.dsn)
    refused(printed, 4, "longer than the lock budget of 200 ms", "a message to the server and back takes")


class SlowNetwork(Proxy):
    """Each message takes 20 ms longer."""

    def is_the_point(self, request: Request) -> None:
        super().is_the_point(request)
        time.sleep(0.02)


def test_a_group_of_ten_statements_costs_no_more_messages_under_the_lock_than_one(project: Project) -> None:
    """A database that is far away: ten messages and ten limits, of 20 ms each, were twice the budget."""
    adds = "".join(f"ALTER TABLE users ADD COLUMN c{number} text; -- one of ten\n" for number in range(10))
    project.write("001_ten.sql", f"-- zdmigrate: expand\nBEGIN;\n{adds}COMMIT;\n")
    with SlowNetwork(project.dsn) as network:
        printed = project.run("apply", "--phase", "expand", "--release", "v2", dsn=network.dsn)
    assert printed.code == 0, printed.text
    asked = [request.sql for request in network.requests if request.who.endswith(" step")]
    locked = max(place for place, text in enumerate(asked) if text.startswith("LOCK TABLE"))
    assert "ADD COLUMN c0" in asked[locked + 1]
    assert "ADD COLUMN c9" in asked[locked + 1]
    assert asked[locked + 2] == "COMMIT"


def test_a_group_is_done_whole_or_not_at_all(project: Project) -> None:
    project.write(
        "001_group.sql",
        "-- zdmigrate: expand\nBEGIN;\nALTER TABLE users ADD COLUMN a text;\n"
        "ALTER TABLE users ADD COLUMN a text;\nCOMMIT;\n",
    )
    refused(project.expand(), 4, 'column "a" of relation "users" already exists', "nothing of it was done")
    assert "a" not in columns(project, "users")
    assert project.steps_done("001_group") == 0


def test_a_runner_that_planned_before_another_one_finished_repeats_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pipelines start at once: the second has read what is to do, and gets the lease when the first is done."""
    project.write("001_label.sql", COLUMN)
    original, others = take_lease, iter([True])

    def take_it_later(*arguments: Any, **options: Any) -> AbstractContextManager[Lease]:
        if next(others, False):
            assert project.expand().code == 0
        return original(*arguments, **options)

    monkeypatch.setattr("zdmigrate.run.phases.take_lease", take_it_later)
    told = project.expand()
    assert told.code == 0, told.text
    assert project.state("001_label") == "expanded"


def test_what_hangs_on_a_dropped_column_keeps_the_contract_from_beginning(project: Project) -> None:
    project.database.execute("CREATE VIEW visitors AS SELECT id, visits FROM users")
    project.write("001_drop.sql", "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN visits;\n")
    assert project.expand().code == 0
    told = project.contract()
    assert told.code == 3
    assert "view visitors needs users.visits, which the contract drops" in " ".join(told.out.split())
    assert project.state("001_drop") == "expanded"
    project.database.execute("DROP VIEW visitors")
    assert project.contract().code == 0


def test_what_the_contract_drops_itself_is_no_dependent(project: Project) -> None:
    project.database.execute("CREATE VIEW visitors AS SELECT id, visits FROM users")
    project.write(
        "001_drop.sql",
        "-- zdmigrate: contract\nBEGIN;\nDROP VIEW visitors;\nALTER TABLE users DROP COLUMN visits;\nCOMMIT;\n",
    )
    assert project.expand().code == 0
    told = project.contract()
    assert told.code == 0, told.text


def test_what_goes_with_its_column_or_its_table_is_no_dependent(project: Project) -> None:
    project.database.execute("ALTER TABLE users ADD CHECK (visits >= 0), ADD CHECK (visits < 1000000 OR name <> '')")
    project.database.execute("CREATE POLICY loud ON users USING (name <> '')")
    project.write("001_drop.sql", "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN visits;\n")
    project.write("002_drop.sql", "-- zdmigrate: contract\nDROP TABLE users;\n")
    assert project.expand().code == 0
    told = project.contract()
    assert told.code == 0, told.text


def test_rows_that_fell_out_of_step_keep_the_contract_from_beginning(project: Project) -> None:
    project.write(
        "001_label.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
        "CREATE FUNCTION sync() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.label := NEW.name; RETURN NEW; END $$;\n"
        "CREATE TRIGGER sync BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION sync();\n"
        "-- zdmigrate: backfill\nUPDATE users SET label = name;\n"
        "-- zdmigrate: contract\nBEGIN;\nDROP TRIGGER sync ON users;\nALTER TABLE users DROP COLUMN name;\nCOMMIT;\n",
    )
    assert project.expand().code == 0
    with project.database.connect() as loader:
        loader.execute("SET session_replication_role = replica")
        loader.execute("UPDATE users SET name = 'past the trigger' WHERE id < 4")
    told = project.contract()
    assert told.code == 3
    assert "users are not in step" in " ".join(told.out.split())
    assert "name" in columns(project, "users")
