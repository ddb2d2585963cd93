"""The wheel holds all that the program needs, and works outside of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import zdmigrate

CHECKOUT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The wheel's files in a folder of their own; what it depends on comes from the present environment."""
    folder = wheel.parent / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def zdmigrate_from(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys, zdmigrate; assert zdmigrate.__file__.startswith(sys.argv[1]), zdmigrate.__file__; "
    code += "del sys.argv[1]; from zdmigrate.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, str(installed), *arguments],
        cwd=installed.parent, env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    ours = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "zdmigrate").rglob("*") if path.is_file()}
    missing = {name for name in ours if "__pycache__" not in name} - names(wheel)
    assert missing == set()
    assert "zdmigrate/py.typed" in names(wheel)


def test_the_rules_are_in_it(wheel: Path) -> None:
    ours = {f"zdmigrate/rules/{path.name}" for path in (CHECKOUT / "rules").iterdir()}
    assert "zdmigrate/rules/rename-column.toml" in ours
    assert ours <= names(wheel)


def test_nothing_else_is_in_it(wheel: Path) -> None:
    assert {name.split("/")[0] for name in names(wheel)} == {
        "zdmigrate",
        f"zdmigrate-{zdmigrate.__version__}.dist-info",
    }


def test_its_metadata_names_the_licence_and_the_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = message_from_bytes(archive.read(f"zdmigrate-{zdmigrate.__version__}.dist-info/METADATA"))
    assert told["License-Expression"] == "Apache-2.0"
    assert set(told.get_all("Provides-Extra", [])) == {"embedded", "alembic", "kubernetes", "aws", "dev"}


def test_it_says_its_version(installed: Path) -> None:
    said = zdmigrate_from(installed, "--version")
    assert said.returncode == 0, said.stderr
    assert zdmigrate.__version__ in said.stdout


def test_it_lints_with_the_rules_it_brings(installed: Path) -> None:
    (installed.parent / "001_rename.sql").write_text("ALTER TABLE users RENAME COLUMN name TO full_name;\n")
    said = zdmigrate_from(installed, "lint", "001_rename.sql")
    assert said.returncode == 1, said.stderr
    assert "rename-column" in said.stdout


def test_it_lists_its_rules(installed: Path) -> None:
    said = zdmigrate_from(installed, "rules")
    assert said.returncode == 0, said.stderr
    assert "rename-column" in said.stdout


def test_the_source_distribution_can_be_built_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    listed = subprocess.run(["tar", "tzf", str(sdist)], capture_output=True, text=True, check=True).stdout
    assert "/rules/" in listed
    assert "/tests/conftest.py" in listed
