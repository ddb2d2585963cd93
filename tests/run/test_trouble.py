"""Bad input and trouble: one sentence, the state, the next command, the exit code, and nothing half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import conninfo

from tests.run.command import zdmigrate
from tests.run.project import Project, refused
from tests.servers.pooler import transaction_pooler
from zdmigrate.embedded.server import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
DROP = "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN visits;\n"
PASSWORD = "correct-horse-battery"


def nothing_ran(project: Project) -> None:
    """No table of the app has changed, and no change is begun."""
    query = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    assert project.database.execute(query) == [(3,)]
    if project.database.execute("SELECT to_regclass('zdmigrate.change') IS NOT NULL") == [(True,)]:
        assert project.database.execute("SELECT count(*) FROM zdmigrate.change") == [(0,)]


# --------------------------------------------------------------------------- files

FILES = {
    "invalid UTF-8": (b"ALTER TABLE users ADD COLUMN a text; -- caf\xe9\n", "001_x.sql:1: not UTF-8"),
    "an empty file": (b"", "001_x.sql:1: no statement in this file"),
    "only comments": (b"-- to do\n", "001_x.sql:1: no statement in this file"),
    "a marker out of order": (
        b"-- zdmigrate: contract\nDROP TABLE a;\n-- zdmigrate: expand\nCREATE TABLE a (id int);\n",
        "001_x.sql:3: expand after contract (line 1)",
    ),
    "an unknown marker": (b"-- zdmigrate: exand\nCREATE TABLE a (id int);\n", "001_x.sql:1: unknown marker exand"),
    "a statement before the first marker": (
        b"CREATE TABLE a (id int);\n-- zdmigrate: contract\nDROP TABLE a;\n",
        "001_x.sql:1: a statement before the first marker",
    ),
    "a syntax error": (b"-- zdmigrate: expand\nALTER TABEL users ADD COLUMN a text;\n", "001_x.sql:2: syntax error"),
    "BEGIN without COMMIT": (
        b"-- zdmigrate: expand\nBEGIN;\nALTER TABLE users ADD COLUMN a text;\n",
        "001_x.sql:2: BEGIN without COMMIT in section expand",
    ),
    "a drop without a marker": (b"ALTER TABLE users DROP COLUMN visits;\n", "001_x.sql:1: this file has no sections"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_run_is_refused_with_its_line(name: str, project: Project) -> None:
    content, sentence = FILES[name]
    (project.folder / "000_before.sql").write_text("-- zdmigrate: expand\nCREATE TABLE before (id int);\n")
    (project.folder / "001_x.sql").write_bytes(content)
    refused(project.expand(), 2, sentence)
    nothing_ran(project)


def test_a_missing_folder_is_refused(project: Project) -> None:
    project.folder.rmdir()
    refused(project.expand(), 2, f"{project.folder}: this folder cannot be read: No such file or directory")


def test_a_file_that_cannot_be_read_is_refused(project: Project) -> None:
    (project.folder / "001_x.sql").symlink_to("nowhere")  # also root cannot read it
    refused(project.expand(), 2, "001_x.sql:1: cannot be read: No such file or directory")
    nothing_ran(project)


def test_two_files_of_one_id_are_refused(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    project.write("01_label.sql", COLUMN)
    refused(project.expand(), 2, "the same id as")
    nothing_ran(project)


def test_a_section_that_was_changed_after_it_ran_is_refused(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    assert project.expand().code == 0
    project.write("001_label.sql", COLUMN.replace("text", "varchar(9)"))
    refused(project.expand(), 2, "the section expand of 001_label was changed after it had run")
    refused(project.contract(), 2, "was changed after it had run")


def test_comments_and_white_space_of_a_section_that_ran_may_change(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    assert project.expand().code == 0
    project.write("001_label.sql", "-- said better\n" + COLUMN.replace(" ADD", "\n  ADD") + DROP)
    assert project.expand().code == 0
    assert project.contract().code == 0


def test_a_step_that_was_done_and_then_changed_is_refused_when_its_phase_goes_on(project: Project) -> None:
    bad = COLUMN + "ALTER TABLE users ADD COLUMN label text;\n"
    project.write("001_label.sql", bad)
    refused(project.expand(), 4, "001_label.sql:3:", "already exists", "step 1 stands")
    project.write("001_label.sql", bad.replace("label text;\nALTER", "label varchar(9);\nALTER"))
    refused(project.expand(), 2, "step 1 of expand 001_label has run already, and reads otherwise now")
    project.write("001_label.sql", COLUMN + "ALTER TABLE users ADD COLUMN other text;\n")
    assert project.expand().code == 0, "a step that never ran may be mended"


def test_a_release_name_used_twice_with_other_changes_is_refused(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    assert project.expand().code == 0
    project.write("002_more.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN more text;\n")
    refused(project.expand(), 2, "release v2 was registered with other changes: it has 002_more besides")
    assert project.state("002_more") is None


def test_a_command_without_a_ledger_says_how_to_make_one(empty_project: Project) -> None:
    empty_project.write("001_label.sql", COLUMN)
    for command in (("apply", "--phase", "expand", "--release", "v2"), ("plan",), ("status",), ("revert", "001_label")):
        refused(empty_project.run(*command), 2, "has no ledger yet", "zdmigrate init --release VERSION")
    nothing_ran(empty_project)


# --------------------------------------------------------------------------- the database


def test_a_database_that_does_not_answer_is_told_without_its_password(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    for dsn in (
        f"postgresql://shop:{PASSWORD}@127.0.0.1:{free_port()}/shop",
        f"host=127.0.0.1 port={free_port()} user=shop password={PASSWORD} dbname=shop",
    ):
        for command in (
            ("apply", "--phase", "expand", "--release", "v2"),
            ("plan",),
            ("status",),
            ("init", "--release", "v1"),
        ):
            printed = project.run(*command, dsn=dsn)
            refused(printed, 2, "the database does not answer", "nothing was changed")
            assert PASSWORD not in printed.text


def test_a_dsn_that_cannot_be_read_is_told_without_its_password(project: Project) -> None:
    printed = project.run("plan", dsn=f"postgresql://shop:{PASSWORD}@[::1/shop?nonsense=1")
    refused(printed, 2, "the connection string cannot be read")
    assert PASSWORD not in printed.text


def test_the_password_is_in_nothing_that_is_printed_or_stored(project: Project) -> None:
    """The server trusts; the password is in the DSN all the same."""
    parts = conninfo.conninfo_to_dict(project.dsn)
    dsn = conninfo.make_conninfo(**{**parts, "password": PASSWORD})  # type: ignore[arg-type]
    project.write("001_label.sql", COLUMN + "ALTER TABLE users ADD COLUMN label text;\n")
    printed = [
        project.run("init", "--release", "v1", dsn=dsn),
        project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn),
        project.run("status", "--verbose", dsn=dsn),
        project.run("doctor", dsn=dsn),
    ]
    assert not [each for each in printed if PASSWORD in each.text]
    tables = project.database.execute("SELECT relname FROM pg_class WHERE relnamespace = 'zdmigrate'::regnamespace")
    for (table,) in tables:
        query = f"SELECT count(*) FROM zdmigrate.{table} AS t WHERE t::text LIKE '%%' || %s || '%%'"
        if project.database.execute("SELECT relkind::text FROM pg_class WHERE relname = %s", table)[0][0] == "r":
            assert project.database.execute(query, PASSWORD) == [(0,)]


@pytest.mark.parametrize(
    ("name", "major", "hint"), [("OLDEST", 19, "upgrade the server"), ("NEWEST", 13, "upgrade zdmigrate")]
)
def test_a_server_that_is_not_known_is_refused(
    name: str, major: int, hint: str, empty_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"zdmigrate.ledger.connection.{name}", major)
    refused(empty_project.run("init", "--release", "v1"), 2, "is not a server that zdmigrate", hint)
    nothing_ran(empty_project)


@pytest.fixture
def as_guest(project: Project) -> str:
    """A DSN of a role that may log in, and nothing else."""
    return project.database.dsn_as(project.database.create_role("guest"))


def test_a_role_without_privileges_creates_no_ledger(empty_project: Project) -> None:
    guest = empty_project.database.dsn_as(empty_project.database.create_role("guest"))
    refused(
        empty_project.run("init", "--release", "v1", dsn=guest),
        2,
        "may not create the ledger",
        "GRANT CREATE ON DATABASE",
    )
    assert empty_project.database.execute("SELECT to_regnamespace('zdmigrate') IS NULL") == [(True,)]


def test_a_role_that_may_not_read_the_ledger_is_told_what_to_grant(project: Project, as_guest: str) -> None:
    project.write("001_label.sql", COLUMN)
    for command in (("apply", "--phase", "expand", "--release", "v2"), ("plan",), ("status",), ("revert", "001_label")):
        refused(project.run(*command, dsn=as_guest), 2, "may not", "GRANT USAGE ON SCHEMA zdmigrate")
    nothing_ran(project)


def test_a_role_that_only_reads_the_ledger_runs_nothing(project: Project, as_guest: str) -> None:
    role = conninfo.conninfo_to_dict(as_guest)["user"]
    for grant in ("USAGE ON SCHEMA zdmigrate", "SELECT ON ALL TABLES IN SCHEMA zdmigrate"):
        project.database.execute(f'GRANT {grant} TO "{role}"')
    project.database.execute(f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA zdmigrate TO "{role}"')
    project.write("001_label.sql", COLUMN)
    printed = project.run("apply", "--phase", "expand", "--release", "v2", dsn=as_guest)
    assert printed.code == 2, printed.text
    assert "permission denied" in printed.err or "lacks privileges" in printed.err
    nothing_ran(project)


def test_every_missing_privilege_is_named_before_the_first_step(project: Project, as_guest: str) -> None:
    role = conninfo.conninfo_to_dict(as_guest)["user"]
    for grant in (
        "ALL ON SCHEMA zdmigrate", "ALL ON ALL TABLES IN SCHEMA zdmigrate", "ALL ON ALL FUNCTIONS IN SCHEMA zdmigrate",
        "ALL ON ALL SEQUENCES IN SCHEMA zdmigrate",
    ):  # fmt: skip
        project.database.execute(f'GRANT {grant} TO "{role}"')
    project.database.execute("CREATE TABLE orders (id int)")
    project.write(
        "001_label.sql",
        COLUMN + "ALTER TABLE orders ADD COLUMN note text;\n-- zdmigrate: backfill\nUPDATE users SET label = name;\n",
    )
    printed = project.run("apply", "--phase", "expand", "--release", "v2", dsn=as_guest)
    refused(printed, 2, "users belongs to", "orders belongs to", "it may not SELECT and UPDATE users")
    nothing_ran(project)


@pytest.mark.outside
@pytest.mark.parametrize("size", [1, 5])
def test_a_transaction_pooler_is_refused_with_its_reason(size: int, database: Database, tmp_path: Path) -> None:
    with transaction_pooler(database, size=size) as dsn:
        for command in (("init", "--release", "v1"), ("plan",), ("apply", "--phase", "expand", "--release", "v2")):
            printed = zdmigrate(*command, "--dsn", dsn, "--dir", str(tmp_path))
            refused(printed, 2, "transaction pooler", "connect to the server itself")
    assert database.execute("SELECT to_regnamespace('zdmigrate') IS NULL") == [(True,)]


@pytest.mark.outside
def test_a_session_pooler_is_as_good_as_the_server(project: Project) -> None:
    project.write("001_label.sql", COLUMN)
    with transaction_pooler(project.database, "session", 10) as dsn:
        printed = project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn)
    assert printed.code == 0, printed.text
