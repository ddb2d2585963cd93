"""One call for several folders: each path has its nearest configuration, its history, and its severities."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.cli_lint.command import zdmigrate
from tests.cli_lint.project import DROP, INDEX, TABLE, commit, git, write
from tests.report.test_formats import sarif_schema
from zdmigrate.lint.adoption import MANY
from zdmigrate.lint.rules import rules_folder


@pytest.fixture(autouse=True)
def monorepo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rules(*arguments: str) -> list[str]:
    """``path severity rule`` of each finding."""
    told = zdmigrate("lint", *arguments)
    assert told.code in (0, 1), told.err
    heads = [line for line in told.out.splitlines() if ".sql:" in line]
    return [f"{line.partition(':')[0]} {' '.join(line.split()[1:3]).rstrip(':')}" for line in heads]


def test_each_path_has_its_nearest_configuration(monorepo: Path) -> None:
    for service, severity in (("a", "hint"), ("b", "off"), ("c", None)):
        write(monorepo / service / "migrations", _001=TABLE, _002=DROP)
        if severity:
            (monorepo / service / "zdmigrate.toml").write_text(f'[lint.severity]\ndrop-column = "{severity}"')

    assert rules("a/migrations/002.sql", "b/migrations/002.sql", "c/migrations/002.sql") == [
        "a/migrations/002.sql hint drop-column",
        "c/migrations/002.sql error drop-column",
    ]
    assert rules("a/migrations", "b/migrations", "c/migrations") == [
        "a/migrations/002.sql hint drop-column",
        "c/migrations/002.sql error drop-column",
    ]


def test_one_folders_tables_are_not_anothers(monorepo: Path) -> None:
    write(monorepo / "a", _001="CREATE TABLE users (id bigint, name text);\n")
    write(monorepo / "b", _001="BEGIN;\nCREATE TABLE notes (id bigint);\nCOMMIT;\n" + INDEX)

    assert rules("a", "b") == rules("b") == ["b/001.sql error create-index-not-concurrent"]


def test_a_failing_severity_is_each_configurations_own(monorepo: Path) -> None:
    for service, fail_on in (("a", "never"), ("b", "error")):
        write(monorepo / service / "migrations", _001=TABLE, _002=DROP)
        (monorepo / service / "zdmigrate.toml").write_text(f'[lint]\nfail_on = "{fail_on}"')

    assert zdmigrate("lint", "a/migrations").code == 0
    assert zdmigrate("lint", "a/migrations", "b/migrations").code == 1


def test_a_flag_holds_for_all_of_them(monorepo: Path) -> None:
    write(monorepo / "a" / "migrations", _001=TABLE, _002=DROP)
    (monorepo / "a" / "zdmigrate.toml").write_text('[lint]\nfail_on = "error"')

    assert zdmigrate("lint", "a/migrations", "--fail-on", "never").code == 0


# --------------------------------------------------------------------------- overrides


def test_severities_of_some_paths_are_seen_from_the_configuration_file(
    monorepo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(monorepo / "migrations" / "legacy", _001=TABLE, _002=DROP)
    write(monorepo / "migrations", _003=DROP)
    Path("zdmigrate.toml").write_text(
        '[[lint.overrides]]\npaths = ["migrations/legacy/"]\nseverity = { drop-column = "hint" }\n'
        '[[lint.overrides]]\npaths = ["*/002.sql"]\nseverity = { drop-column = "warning" }\n'
    )
    assert rules("migrations/legacy", "migrations") == [
        "migrations/legacy/002.sql warning drop-column",
        "migrations/003.sql error drop-column",
    ]

    monkeypatch.chdir(monorepo / "migrations")
    assert rules("legacy") == ["legacy/002.sql warning drop-column"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('paths = ["a"]\nseverity = { drop-colum = "off" }', "[[lint.overrides]]: no rule drop-colum"),
        ('paths = ["a"]\nseverity = { drop-column = "loud" }', "takes RULE = one of error, warning, hint, off"),
        ('paths = "a"\nseverity = {}', "paths in [[lint.overrides]] must be a list of globs"),
        ('path = ["a"]', "each [[lint.overrides]] table has paths and severity"),
    ],
)
def test_a_wrong_override_exits_with_2(monorepo: Path, text: str, told: str) -> None:
    write(monorepo / "migrations", _001=TABLE)
    Path("zdmigrate.toml").write_text(f"[[lint.overrides]]\n{text}")

    printed = zdmigrate("lint")

    assert printed.code == 2
    assert told in printed.err
    assert "\nnext: " in printed.err or "list of globs" in told or "takes RULE" in told


@pytest.mark.parametrize("table", ["[lint]\nseverity", "[[lint.overrides]]\npaths = ['a']\nseverity"])
def test_the_list_of_rules_refuses_unknown_ones_too(table: str) -> None:
    Path("zdmigrate.toml").write_text(f"{table} = {{ drop-colum = 'off' }}")

    printed = zdmigrate("rules")

    assert printed.code == 2
    assert printed.err.endswith("no rule drop-colum\nnext: did you mean drop-column?\n")


# --------------------------------------------------------------------------- the first lint


def old_project(folder: Path) -> None:
    write(folder / "migrations", **{f"_{number:03}": f"DROP TABLE t{number};\n" for number in range(MANY)})
    commit(folder)


def test_many_old_findings_are_counted_and_the_lines_to_type_told(monorepo: Path) -> None:
    old_project(monorepo)
    write(monorepo / "migrations", _900=TABLE, _901=DROP)

    told = zdmigrate("lint")

    assert told.code == 1
    assert told.out.count("drop-table") == 1
    assert "migrations/901.sql:1:19 error drop-column" in told.out
    assert "20 findings in 20 files that git says are old, by rule:\n  20 error drop-table\n" in told.out
    assert "  zdmigrate lint --since main\n" in told.out
    assert "  zdmigrate lint --baseline zdmigrate-baseline.json --write-baseline\n" in told.out


def test_the_lines_to_type_do_what_they_say(monorepo: Path) -> None:
    old_project(monorepo)
    lines = [line.split()[1:] for line in zdmigrate("lint").out.splitlines() if line.startswith("  zdmigrate")]

    assert [zdmigrate(*line).code for line in lines] == [0, 0]


@pytest.mark.parametrize("arguments", [("--verbose",), ("--effects",), ("migrations/019.sql", "migrations/018.sql")])
def test_who_asks_for_more_gets_each_finding(monorepo: Path, arguments: tuple[str, ...]) -> None:
    old_project(monorepo)

    assert "findings in" not in zdmigrate("lint", *arguments).out


def test_programs_get_each_finding(monorepo: Path) -> None:
    old_project(monorepo)

    assert zdmigrate("lint", "--format", "github").out.count("::error ") == MANY


def test_new_files_are_told_however_many_they_are(monorepo: Path) -> None:
    commit(monorepo)
    git(monorepo, "switch", "-q", "-c", "topic")
    old_project(monorepo)

    assert zdmigrate("lint").out.count("error drop-table") == MANY


def test_without_git_each_finding_is_told(monorepo: Path) -> None:
    write(monorepo / "migrations", **{f"_{number:03}": f"DROP TABLE t{number};\n" for number in range(MANY)})

    assert zdmigrate("lint").out.count("error drop-table") == MANY


# --------------------------------------------------------------------------- output


def test_a_file_gets_the_format_and_the_terminal_text(monorepo: Path) -> None:
    write(monorepo / "migrations", _001=TABLE)

    told = zdmigrate("lint", "--format", "sarif", "--output", "out.sarif")

    assert told.out == "no findings in 1 file (1 statement)\n"
    assert Path("out.sarif").read_text().startswith("{\n")


def test_several_files_each_in_its_format_leave_the_terminal_its_own(monorepo: Path) -> None:
    write(monorepo / "migrations", _001=TABLE, _002=DROP)

    told = zdmigrate("lint", "--format", "github", "--output", "junit:a.xml", "--output", "markdown:a.md")

    assert told.out.startswith("::error ")
    assert Path("a.xml").read_text().startswith("<?xml")
    assert "### zdmigrate lint: 1 error" in Path("a.md").read_text()


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("sarf:a", "--output sarf:a: no format sarf\nnext: did you mean sarif?"),
        ("sarif:absent/a", "absent/a cannot be written: No such file or directory"),
        (".", ". cannot be written: Is a directory"),
    ],
)
def test_an_output_that_cannot_be_exits_with_2(monorepo: Path, output: str, told: str) -> None:
    write(monorepo / "migrations", _001=TABLE)

    printed = zdmigrate("lint", "--output", output)

    assert printed.code == 2
    assert printed.err.startswith(f"error: {told}")


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_services_get_paths_from_the_top_of_the_checkout(
    monorepo: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for other in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(other, raising=False)
    write(monorepo / "a" / "migrations", _002=DROP)
    monkeypatch.setenv(variable, str(monorepo))
    monkeypatch.chdir(monorepo / "a")

    assert zdmigrate("lint", "--format", "github").out.startswith("::error file=a/migrations/002.sql,")
    assert '"path": "a/migrations/002.sql"' in zdmigrate("lint", "--format", "gitlab").out
    assert '"uri": "a/migrations/002.sql"' in zdmigrate("lint", "--format", "sarif").out


def test_a_file_of_a_folder_without_configuration_has_that_folder_as_its_history(monorepo: Path) -> None:
    write(
        monorepo / "a" / "db", _001="CREATE TABLE users (id bigint, name text);\n", _002="BEGIN;\n" + INDEX + "COMMIT;"
    )
    write(monorepo / "b" / "db", _001=TABLE)

    assert rules("a/db/002.sql", "b/db/001.sql") == ["a/db/002.sql error create-index-not-concurrent"]


def test_a_rule_of_ones_own_is_in_the_sarif_beside_the_others(monorepo: Path) -> None:
    write(monorepo / "migrations", _001=TABLE)
    (monorepo / "own").mkdir()
    text = (Path(rules_folder()) / "drop-column.toml").read_text("utf-8")
    (monorepo / "own" / "our-drop.toml").write_text(
        text.replace('"drop-column"', '"our-drop"').replace('id = "ZD', 'id = "OUR')
    )
    Path("zdmigrate.toml").write_text('[lint]\nrules = ["own"]')

    [run] = json.loads(zdmigrate("lint", "--format", "sarif").out)["runs"]

    described = {rule["name"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert described["drop-column"]["helpUri"].endswith("/docs/rules/drop-column.md")
    assert "helpUri" not in described["our-drop"]
    jsonschema.validate({"version": "2.1.0", "runs": [run]}, sarif_schema())
