"""The pipelines of docs/gate-pipelines.md with Flyway, by its Maven plugin, and with Rails, as Debian has it.

``apt-get install maven default-jre-headless ruby-railties ruby-activerecord ruby-pg`` installs what they need; Maven
gets Flyway itself.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from psycopg import conninfo

from tests.docs.gate_repository import columns, deploy, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docs.shell import Shell
    from tests.servers.database import Database

pytestmark = pytest.mark.long


@pytest.fixture
def shell(database: Database, tmp_path: Path) -> Iterator[Shell]:
    with repository(database, tmp_path / "repository") as opened:
        yield opened


def program(folder: Path, name: str, text: str) -> None:
    """A program on the PATH of the repository's shell."""
    file = folder.parent / f"{folder.name}-bin" / name
    file.write_text(text)
    file.chmod(0o755)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


# --------------------------------------------------------------------------- Flyway

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>shop-migrations</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.flywaydb</groupId><artifactId>flyway-maven-plugin</artifactId><version>10.22.0</version>
    <dependencies>
      <dependency>
        <groupId>org.flywaydb</groupId><artifactId>flyway-database-postgresql</artifactId><version>10.22.0</version>
      </dependency>
      <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><version>42.7.4</version></dependency>
    </dependencies>
  </plugin></plugins></build>
</project>
"""
# Flyway's command line is on no registry; its Maven plugin takes the same settings by the same names.
FLYWAY = """#!/bin/sh
set -eu
for word in "$@"; do
    shift
    case $word in
        -*) set -- "$@" "-Dflyway.${word#-}" ;;
        *) set -- "$@" "flyway:$word" ;;
    esac
done
exec mvn --batch-mode --quiet "$@"
"""
FLYWAY_MIGRATIONS = {
    "sql/V1__users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text);",
    "sql/V41__full_name.sql": "ALTER TABLE users ADD COLUMN full_name text;\nUPDATE users SET full_name = name;",
    "sql/V42__drop_name.sql": "ALTER TABLE users DROP COLUMN name;",
}


def test_the_pipeline_with_flyway_contracts_when_the_old_version_is_gone(
    database: Database, tmp_path: Path, shell: Shell
) -> None:
    assert shutil.which("mvn"), "apt-get install maven"
    folder = tmp_path / "repository"
    write(folder, {**FLYWAY_MIGRATIONS, "pom.xml": POM, "gated-changes.txt": "V41__full_name\n"})
    program(folder, "flyway", FLYWAY)
    server = conninfo.conninfo_to_dict(database.dsn)
    url = f"jdbc:postgresql://{server['host']}:{server['port']}/shopdb"
    home = (tmp_path / "repository-bin").parent
    shell.run(f"export FLYWAY_URL={url} FLYWAY_USER={server['user']} FLYWAY_LOCATIONS=filesystem:sql HOME={home}")
    deploy(database, shell, "flyway_expand.sh", "flyway_contract.sh")
    assert columns(database, "users") == [("full_name",), ("id",)]
    ran = database.execute("SELECT version FROM flyway_schema_history WHERE success ORDER BY installed_rank")
    assert ran == [("1",), ("41",), ("42",)]


# --------------------------------------------------------------------------- Rails

RAILS = {
    "bin/rails": "#!/usr/bin/env ruby\nAPP_PATH = File.expand_path('../config/application', __dir__)\n"
    "require 'rails/commands'\n",
    "Rakefile": "require_relative 'config/application'\nRails.application.load_tasks\n",
    "config/application.rb": """
require 'rails'
require 'active_record/railtie'
class Shop < Rails::Application
  config.load_defaults 6.1
  config.eager_load = false
  config.secret_key_base = 'of a test'
  config.active_record.dump_schema_after_migration = false
end
""",
    "config/environment.rb": "require_relative 'application'\nRails.application.initialize!\n",
    "config/database.yml": "development:\n  adapter: postgresql\n  database: <%= ENV['PGDATABASE'] %>\n",
    "db/migrate/20260101120000_create_users.rb": """
class CreateUsers < ActiveRecord::Migration[6.1]
  def change
    create_table(:users) { |users| users.text :name }
  end
end
""",
    "db/migrate/20260501120000_add_full_name.rb": """
class AddFullName < ActiveRecord::Migration[6.1]
  def up
    add_column :users, :full_name, :text
    execute 'UPDATE users SET full_name = name'
  end
end
""",
    "db/migrate/20260601120000_drop_name.rb": """
class DropName < ActiveRecord::Migration[6.1]
  def up
    execute "SET LOCAL lock_timeout = '2s'"
    remove_column :users, :name
  end
end
""",
    "gated-changes.txt": "20260501120000_add_full_name\n",
}


def test_the_pipeline_with_rails_contracts_when_the_old_version_is_gone(
    database: Database, tmp_path: Path, shell: Shell
) -> None:
    assert shutil.which("ruby"), "apt-get install ruby-railties ruby-activerecord ruby-pg"
    folder = tmp_path / "repository"
    write(folder, RAILS)
    (folder / "bin" / "rails").chmod(0o755)
    deploy(database, shell, "rails_expand.sh", "rails_contract.sh")
    assert columns(database, "users") == [("full_name",), ("id",)]
    versions = [version for (version,) in database.execute("SELECT version FROM schema_migrations ORDER BY 1")]
    assert versions == ["20260101120000", "20260501120000", "20260601120000"]
