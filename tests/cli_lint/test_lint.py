"""``zdmigrate lint`` as a person calls it: what it reads, prints, and exits with."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.cli_lint.command import zdmigrate

DOCS = Path(__file__).parents[2] / "docs"
RENAME = "ALTER TABLE users RENAME COLUMN name TO full_name;\n"
CLEAN = "CREATE TABLE users (id bigint PRIMARY KEY, name text);\n"
INDEX = "CREATE INDEX users_name_idx ON users (name);\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, from inside of which the command is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    return tmp_path / "migrations"


def test_a_clean_folder_exits_with_0(folder: Path) -> None:
    (folder / "001_users.sql").write_text(CLEAN)
    assert zdmigrate("lint") == (0, "no findings in 1 file (1 statement)\n", "")


def test_findings_exit_with_1(folder: Path) -> None:
    (folder / "001_users.sql").write_text(RENAME)
    told = zdmigrate("lint", "migrations")
    assert told.code == 1
    assert told.out.startswith("migrations/001_users.sql:1:19 error rename-column: ")
    assert told.out.endswith("1 error in 1 file (1 statement)\n")


def test_a_quiet_run_without_findings_prints_nothing(folder: Path) -> None:
    (folder / "001_users.sql").write_text(CLEAN)
    assert zdmigrate("lint", "--quiet") == (0, "", "")


def test_the_failing_severity_is_a_flag_a_variable_and_a_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "001_users.sql").write_text("DO $$ BEGIN EXECUTE current_query(); END $$;")
    assert zdmigrate("lint").code == 0
    assert zdmigrate("lint", "--fail-on", "warning").code == 1
    Path("zdmigrate.toml").write_text('[lint]\nfail_on = "warning"')
    assert zdmigrate("lint").code == 1
    monkeypatch.setenv("ZDMIGRATE_LINT_FAIL_ON", "never")
    assert zdmigrate("lint").code == 0


def test_the_oldest_server_decides(folder: Path) -> None:
    (folder / "001_x.sql").write_text("ALTER TABLE users ADD CONSTRAINT n NOT NULL name NOT VALID;")
    assert zdmigrate("lint", "--postgres", "13").code == 2
    assert zdmigrate("lint", "--postgres", "18", "--fail-on", "never").code == 0


def test_a_single_file_has_the_folders_earlier_files_as_its_history(folder: Path) -> None:
    (folder / "001_users.sql").write_text(RENAME)
    (folder / "002_index.sql").write_text("BEGIN; CREATE TABLE a (b int); COMMIT;")
    told = zdmigrate("lint", "migrations/002_index.sql")
    assert (told.code, told.out) == (0, "no findings in 1 file (3 statements)\n")


def test_standard_input_is_a_file_that_sorts_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "001_users.sql").write_text(CLEAN)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(INDEX.encode())))
    told = zdmigrate("lint", "-")
    assert told.code == 1
    assert told.out.startswith("<stdin>:1:1 error create-index-not-concurrent: ")


@pytest.mark.parametrize("effects", [(), ("--effects",)])
def test_the_json_is_what_its_schema_says(folder: Path, effects: tuple[str, ...]) -> None:
    (folder / "001_users.sql").write_text(f"-- zdmigrate: expand\n{RENAME}SLECT;\n-- zdmigrate: contract\n{INDEX}")
    told = zdmigrate("lint", "--format", "json", *effects)
    report = json.loads(told.out)
    schema = json.loads((DOCS / "schemas/lint-v1.schema.json").read_text())
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    assert ("statements" in report) is bool(effects)
    assert [finding["rule"] for finding in report["findings"]] == [
        "rename-column",
        "syntax-error",
        "runs-on-in-psql",
        "create-index-not-concurrent",
    ]
    assert report["summary"] == {
        "files": 1,
        "statements": 3,
        "errors": 3,
        "warnings": 0,
        "hints": 1,
        "not_analysed": 0,
        "in_baseline": 0,
    }


def test_effects_name_locks_as_pg_locks_does(folder: Path) -> None:
    (folder / "001_users.sql").write_text("ALTER TABLE authors ALTER COLUMN name SET NOT NULL;")
    report = json.loads(zdmigrate("lint", "--format", "json", "--effects").out)
    assert report["statements"] == [
        {
            "path": "migrations/001_users.sql",
            "line": 1,
            "phase": None,
            "operations": [
                {
                    "operation": "set_not_null",
                    "relation": "public.authors",
                    "locks": {"public.authors": "AccessExclusiveLock"},
                    "rewrites": [],
                    "scans": ["public.authors"],
                    "builds_index": False,
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("001.sql", b"", "migrations/001.sql:1: no statement in this file"),
        ("001.sql", b"SELECT '\xe4';", "migrations/001.sql:1: not UTF-8 (invalid continuation byte)"),
        ("001.sql", b"-- zdmigrate: contrct\nSELECT 1;", "migrations/001.sql:1: unknown marker contrct"),
        (
            "001.sql",
            b"-- zdmigrate: contract\nSELECT 1;\n-- zdmigrate: backfill\nSELECT 1;",
            "migrations/001.sql:3: backfill after contract (line 1)",
        ),
        ("README", b"", "migrations: no change file in this folder"),
        ("001.contract.sql", b"SELECT 1;", "migrations/001.contract.sql:1: a contract without its change 001.sql"),
    ],
)
def test_input_that_is_no_change_file_exits_with_2_and_one_sentence(
    folder: Path, name: str, data: bytes, told: str
) -> None:
    (folder / name).write_bytes(data)
    printed = zdmigrate("lint")
    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith(f"error: {told}\n")
    assert "\nnext: " in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("absent", "there is no such file or folder"),
        ("absent/", "this folder cannot be read: No such file or directory"),
        ("migrations/absent.sql", "there is no such file or folder"),
    ],
)
def test_a_path_that_is_not_there_exits_with_2(path: str, told: str) -> None:
    printed = zdmigrate("lint", path)
    assert printed.code == 2
    assert told in printed.err
    assert "zdmigrate new NAME" in printed.err


def test_a_wrong_configuration_exits_with_2(folder: Path) -> None:
    Path("zdmigrate.toml").write_text("lok_budget = '1s'")
    printed = zdmigrate("lint")
    assert printed.code == 2
    assert printed.err.endswith("unknown key lok_budget\nnext: did you mean lock_budget?\n")


def test_linting_imports_neither_the_database_nor_sqlglot(folder: Path) -> None:
    (folder / "001_users.sql").write_text(RENAME)
    program = (
        "import sys; from zdmigrate.cli.main import run; run(['lint']);"
        "print([name for name in ('psycopg', 'sqlglot', 'postgast', 'rich', 'tomllib', 'pathlib', 'dataclasses',"
        " 'difflib', 'hashlib', 'importlib.resources') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, env=environment())
    assert ran.stdout.splitlines()[-1] == "[]"


def environment() -> dict[str, str]:
    """``-S``: an editable install's path hook imports pathlib by itself, and so the packages must be named here."""
    return {"PYTHONPATH": ":".join(path for path in [str(DOCS.parent), *sys.path] if path)}
