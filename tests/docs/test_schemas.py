"""What commands print as JSON is what docs/schemas says of it, through a whole rename."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from tests.docs.schemas import SCHEMAS, validator
from tests.docs.tutorial import prepare
from zdmigrate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


@pytest.fixture
def command(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """A command line, checked against its schema: ``(schema, arguments, exit code) -> the JSON``."""
    prepare(tmp_path, database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZDMIGRATE_DSN", database.dsn)
    monkeypatch.setenv("ZDMIGRATE_GATE_ROLLBACK_WINDOW", "0s")

    def call(schema: str, *arguments: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert run([*arguments, "--format", "json"]) == code
        printed = json.loads(capsys.readouterr().out)
        validator(f"{schema}-v1.schema.json").validate(printed)
        return printed

    run(["init", "--release", "1.0", "--baseline", "001_users"])
    return call


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


def test_what_a_rename_prints_on_its_way_is_as_the_schemas_say(command: Any, database: Database) -> None:
    assert command("plan", "plan")["plans"][0]["change"] == "002_full_name"
    assert command("plan", "apply", "--phase", "expand", "--dry-run")["plans"]
    assert command("apply", "apply", "--phase", "expand", "--release", "1.1")["expanded"] == ["002_full_name"]
    for version, instance in (("1.0", "web-1"), ("1.1", "web-2")):
        database.execute("SELECT zdmigrate.beat('shop', %s, %s)", version, instance)

    shut = command("apply", "apply", "--phase", "contract", "--release", "1.2", code=3)

    assert [reason["code"] for reason in shut["refused"][0]["reasons"]] == ["old-version-live"]
    assert command("status", "status")["gates"][0]["open"] is False
    assert [one["state"] for one in command("live-list", "live", "list")["instances"]] == ["live", "live"]
    database.execute("SELECT zdmigrate.goodbye('shop', '1.0', 'web-1')")
    assert command("plan", "plan", "--phase", "contract")["plans"][0]["phase"] == "contract"
    assert command("apply", "apply", "--phase", "contract")["contracted"] == ["002_full_name"]
    assert [one["retired"] for one in command("release-list", "release", "list")["releases"]] == [True, False, False]
    assert command("status", "status")["changes"][1]["state"] == "contracted"


def test_a_database_where_nothing_has_happened_is_told_in_the_same_form(command: Any) -> None:
    assert command("live-list", "live", "list")["instances"] == []
    assert command("status", "status")["changes"][1]["state"] is None


def test_rules_and_findings_are_as_the_schemas_say(command: Any, tmp_path: Path) -> None:
    (tmp_path / "migrations" / "003_bad.sql").write_text("ALTER TABLE users DROP COLUMN email;")

    assert command("rules", "rules")["rules"]
    assert command("lint", "lint", "--effects", code=1)["findings"]
