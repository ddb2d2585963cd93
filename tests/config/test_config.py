"""The configuration: where it comes from, which source wins, and what each mistake is told."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from zdmigrate.config import Config, load
from zdmigrate.config_keys import KEYS, flag_name, variable_name
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.redact import redact

if TYPE_CHECKING:
    from pathlib import Path

AGREED = """
app = "shop"
dir = "migrations"
postgres = 14
lock_budget = "200ms"
lock_deadline = "10min"
replicas = "no-readers"
[gate]
rollback_window = "30min"
lost_window = "24h"
heartbeat_ttl = "60s"
same_release = false
[[live]]
source = "heartbeat"
[lint]
fail_on = "error"
rules = ["db-rules/"]
[lint.severity]
drop-column = "warning"
"""


def configured(folder: Path, text: str, name: str = "zdmigrate.toml") -> Config:
    (folder / name).write_text(text)
    return load(folder, environ={})


def refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        configured(folder, text)
    return caught.value


def test_without_a_file_every_key_has_its_default(tmp_path: Path) -> None:
    assert load(tmp_path, environ={}) == Config()


def test_the_file_of_the_design_is_understood(tmp_path: Path) -> None:
    config = configured(tmp_path, AGREED)
    assert config.app == "shop"
    assert config.lock_budget == Duration(200)
    assert config.gate.lost_window.seconds == 86_400
    assert [source.source for source in config.live] == ["heartbeat"]
    assert config.lint.rules == ("db-rules",)
    assert config.lint.severity == {"drop-column": "warning"}


def test_pyproject_is_read_where_it_names_zdmigrate(tmp_path: Path) -> None:
    assert configured(tmp_path, '[tool.zdmigrate]\napp = "shop"', "pyproject.toml").app == "shop"


def test_a_pyproject_of_something_else_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "zdmigrate.toml").write_text('app = "outer"')
    inner = tmp_path / "service"
    inner.mkdir()
    assert configured(inner, '[tool.black]\nline-length = "not ours"', "pyproject.toml").app == "outer"


def test_two_files_in_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.zdmigrate.gate]")
    assert "both configure" in refusal(tmp_path, "").sentence


def test_paths_of_a_file_found_upward_are_relative_to_that_file(tmp_path: Path) -> None:
    (tmp_path / "zdmigrate.toml").write_text('dir = "db/changes"\n[lint]\nrules = ["rules"]')
    (tmp_path / "app").mkdir()
    config = load(tmp_path / "app", environ={})
    assert (config.dir, config.lint.rules) == ("../db/changes", ("../rules",))


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "zdmigrate.toml").write_text('app = "file"\nlock_budget = "1s"\ndir = "file"')
    environ = {"ZDMIGRATE_APP": "variable", "ZDMIGRATE_LOCK_BUDGET": "2s"}
    config = load(tmp_path, {"app": "flag", "lock_budget": None}, environ=environ)
    assert (config.app, config.lock_budget, config.dir) == ("flag", Duration(2000), "file")


def test_every_scalar_key_has_a_variable_and_a_flag_of_its_own() -> None:
    scalars = [key for key, known in KEYS.items() if known.scalar]
    assert variable_name("gate.rollback_window") == "ZDMIGRATE_GATE_ROLLBACK_WINDOW"
    assert len({flag_name(key) for key in scalars}) == len({variable_name(key) for key in scalars}) == len(scalars)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('ap = "shop"', "did you mean app?"),
        ('[gate]\nrolback_window = "1h"', "did you mean gate.rollback_window?"),
        ("[lnt]\n", "did you mean lint?"),
        ("[lint.severities]\n", "did you mean lint.severity?"),
    ],
)
def test_an_unknown_key_is_told_the_nearest_known_name(tmp_path: Path, text: str, hint: str) -> None:
    error = refusal(tmp_path, text)
    assert "zdmigrate.toml: unknown key" in error.sentence
    assert error.hint == hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('lock_budget = "200"', "lock_budget: '200' is not a number with one of PostgreSQL's units"),
        ("lock_budget = 200", "lock_budget: 200 is not a number with one of PostgreSQL's units"),
        ('lock_budget = "0ms"', "lock_budget: '0ms' is not at least 1ms"),
        ('lock_budget = "ms"', "lock_budget: 'ms' is not a number"),
        ('lock_budget = "-5s"', "is not a number"),
        ("postgres = 9", "postgres: 9 is not a major version of PostgreSQL, 14 or newer"),
        ("postgres = true", "postgres: True is not a major version"),
        ('runner = "flywya"', "runner: 'flywya' is not one of zdmigrate, psql, "),
        ('replicas = "none"', 'is not "no-readers" or a list of DSNs'),
        ("app = ''", "app: '' is not a text that is not empty"),
        ("gate = 5", "gate must be a table"),
        ('[gate]\nsame_release = "perhaps"', "is not true or false"),
        ('[lint]\nfail_on = "panic"', "is not one of error, warning, hint, never"),
        ('[lint]\nrules = "db-rules"', "is not a list of texts"),
        ("[lint.severity]\ndrop-column = 'fatal'", "[lint.severity] takes RULE = one of error, warning, hint, off"),
        ("[[live]]\nsourcee = 'heartbeat'", "each [[live]] table needs a source"),
        ("live = 'heartbeat'", "each [[live]] table needs a source"),
        ("[apps.billing]\nignore = true", "an [apps.NAME] table knows one key"),
        ("app = ", "Invalid value"),
    ],
)
def test_a_wrong_value_is_told_what_would_be_right(tmp_path: Path, text: str, told: str) -> None:
    sentence = refusal(tmp_path, text).sentence
    assert sentence.startswith(str(tmp_path / "zdmigrate.toml"))
    assert told in sentence


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ZDMIGRATE_GATE_LOST_WINDOW: '1 fortnight' is not"):
        load(tmp_path, environ={"ZDMIGRATE_GATE_LOST_WINDOW": "1 fortnight"})


@pytest.mark.parametrize(
    "text",
    [
        'replicas = ["postgresql://app:secret@replica/shop"]',
        'replicas = ["host=replica password=secret"]',
        '[[live]]\nsource = "http"\nurl = "https://user:secret@status"',
        'password = "secret"',
    ],
)
def test_a_password_in_a_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    error = refusal(tmp_path, text)
    assert error.sentence.endswith("holds a password")
    assert "secret" not in error.sentence + error.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path, path=tmp_path / "absent.toml", environ={})


@pytest.mark.parametrize(
    ("text", "milliseconds", "shown"),
    [
        ("200ms", 200, "200ms"),
        ("1.5 h", 5_400_000, "90min"),
        ("90s", 90_000, "90s"),
        (" 1d ", 86_400_000, "1d"),
        ("2500us", 2, "2ms"),
        ("0s", 0, "0ms"),
    ],
)
def test_durations_are_read_and_shown_in_postgresqls_units(text: str, milliseconds: int, shown: str) -> None:
    duration = Duration.parse(text)
    assert duration.milliseconds == milliseconds
    assert str(duration) == shown
    assert Duration.parse(shown) == duration


def test_toml_is_imported_only_for_a_file() -> None:
    program = (
        "import sys, zdmigrate.config as c; c.load(__import__('pathlib').Path('/')); print('tomllib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://app:s3cr%40t@db/shop", "postgresql://app:***@db/shop"),
        ("host=db password=s3cret dbname=shop", "host=db password=*** dbname=shop"),
        ("password = 's3c ret' host=db", "password = *** host=db"),
        ("postgresql://db/shop?user=app&password=s3cret&x=1", "postgresql://db/shop?user=app&password=***&x=1"),
        ("postgresql://app@db/shop", "postgresql://app@db/shop"),
    ],
)
def test_a_password_becomes_stars(text: str, shown: str) -> None:
    assert redact(text) == shown
