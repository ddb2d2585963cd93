"""The pipelines of docs/gate-pipelines.md: the scripts of the page, run as they stand there."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest

from tests.docs.gate_repository import columns, deploy, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docs.shell import Shell
    from tests.servers.database import Database


@pytest.fixture
def shell(database: Database, tmp_path: Path) -> Iterator[Shell]:
    with repository(database, tmp_path / "repository") as opened:
        yield opened


def test_the_pipeline_with_psql_contracts_when_the_old_version_is_gone(
    database: Database, tmp_path: Path, shell: Shell
) -> None:
    database.execute("CREATE TABLE users (id bigint PRIMARY KEY, name text)")
    database.execute("INSERT INTO users VALUES (1, 'Ada')")
    (tmp_path / "repository" / "gated-changes.txt").write_text("0041_full_name\n")
    deploy(database, shell, "expand.sh", "contract.sh")
    assert [name for (name,) in columns(database, "users")] == ["full_name", "id"]


# --------------------------------------------------------------------------- Django

SETTINGS = """
import os
SECRET_KEY = "of a test"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "%s", "HOST": os.environ["PGHOST"],
                         "PORT": os.environ["PGPORT"], "USER": os.environ["PGUSER"]}}
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
MIGRATION = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [%s]
    operations = [%s]
"""
FIELDS = '[("id", models.BigAutoField(primary_key=True)), ("name", models.TextField(null=True))]'
EXPAND = """
    migrations.AddField("user", "full_name", models.TextField(null=True)),
    migrations.RunSQL("UPDATE shop_user SET full_name = name", migrations.RunSQL.noop),
"""
MIGRATIONS = {
    "0001_initial": ("", f'migrations.CreateModel("User", fields={FIELDS})'),
    "0002_full_name": ('("shop", "0001_initial")', EXPAND),
    "0003_drop_name": ('("shop", "0002_full_name")', 'migrations.RemoveField("user", "name")'),
}


@pytest.mark.long
def test_the_pipeline_with_django_contracts_when_the_old_version_is_gone(
    database: Database, tmp_path: Path, shell: Shell
) -> None:
    assert importlib.util.find_spec("django"), "pip install django"
    folder = tmp_path / "repository"
    (folder / "shop" / "migrations").mkdir(parents=True)
    for package in ("shop", "shop/migrations"):
        (folder / package / "__init__.py").touch()
    for name, (after, operations) in MIGRATIONS.items():
        (folder / "shop" / "migrations" / f"{name}.py").write_text(MIGRATION % (after, operations))
    (folder / "settings.py").write_text(SETTINGS % database.name)
    (folder / "manage.py").write_text(MANAGE)
    (folder / "expand-up-to").write_text("0002_full_name\n")
    (folder / "gated-changes.txt").write_text("shop.0002_full_name\n")
    python = tmp_path / "repository-bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    deploy(database, shell, "django_expand.sh", "django_contract.sh")
    assert [name for (name,) in columns(database, "shop_user")] == ["full_name", "id"]
