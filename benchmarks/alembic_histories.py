"""``zdmigrate lint`` on Alembic projects that nobody here wrote: how many revisions, and how many are not analysed.

``python -m benchmarks.alembic_histories`` downloads the packages into --cache (once), makes an environment with what
their revisions import besides Alembic and is cheap to have, lints each project, and prints a table for docs/alembic.md.
Nothing of the packages is installed; they lie on the path, so that a revision finds what needs no more than that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

IMPORTED = ("alembic", "psycopg[binary]", "sqlmodel", "sqlalchemy-utils", "structlog", "isodate")


class Project(NamedTuple):
    """A package of PyPI's, and where in it the revisions are."""

    package: str
    version: str
    folder: str


PROJECTS = (
    Project("apache-superset", "6.1.0", "superset/migrations"),
    Project("zenml", "0.98.0", "zenml/zen_stores/migrations"),
    Project("apache-airflow-core", "3.3.2", "airflow/migrations"),
    Project("ckan", "2.12.0", "ckan/migration"),
    Project("galaxy-data", "26.1.2", "galaxy/model/migrations/alembic"),
    Project("mlflow", "3.18.0", "mlflow/store/db_migrations"),
    Project("arize-phoenix", "20.26.1", "phoenix/db/migrations"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    cache = parser.parse_args().cache.resolve()
    python = _environment(cache)
    print("| package | revisions | statements | not analysed |\n|---|---|---|---|")
    for project in PROJECTS:
        found = _linted(_laid_out(project, cache), project, python)
        summary, unseen = (
            found["summary"],
            {each["path"] for each in found["findings"] if each["rule"] == "not-analysed"},
        )
        print(f"| {project.package} {project.version} | {summary['files']} | {summary['statements']} | {len(unseen)} |")


def _environment(cache: Path) -> Path:
    folder = cache / "environment"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *IMPORTED], check=True)
    return folder / "bin" / "python"


def _laid_out(project: Project, cache: Path) -> Path:
    """The wheel's folder; only pip downloads, and nothing of it is installed."""
    folder = cache / f"{project.package}-{project.version}"
    if not folder.exists():
        wheels = cache / "wheels" / folder.name
        download = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels)]
        subprocess.run([sys.executable, "-m", "pip", *download, f"{project.package}=={project.version}"], check=True)
        (wheel,) = wheels.iterdir()
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def _linted(folder: Path, project: Project, python: Path) -> Any:
    (folder / "zdmigrate.toml").write_text(
        f'source = "alembic"\nsource_command = ["env", "PYTHONPATH={folder}", "{python}"]\n'
    )
    words = ["-m", "zdmigrate.cli.main", "lint", "--config", str(folder / "zdmigrate.toml"), "--format", "json"]
    ran = subprocess.run([sys.executable, *words, str(folder / project.folder)], capture_output=True, check=False)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{project.package}: {ran.stderr.decode()}")
    return json.loads(ran.stdout)


if __name__ == "__main__":
    main()
