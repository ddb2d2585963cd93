"""The page of the configuration has every key, with the default, the flag and the variable that the program has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.commands import commands, options
from tests.docs.markdown import DOCS, blocks, tables
from zdmigrate.config import Config, load
from zdmigrate.config_keys import KEYS, flag_name, variable_name

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "configuration.md"


def rows() -> dict[str, list[str]]:
    """The table of keys, by key."""
    return {row[0].strip("`"): row for row in tables(PAGE) if row[0].strip("`") in KEYS}


def test_every_key_is_on_the_page_with_default_flag_and_variable() -> None:
    flags = {name for _, command in commands() for option in options(command) for name in option.opts}

    assert rows() == {key: row(key, flags) for key in KEYS}


def row(key: str, flags: set[str]) -> list[str]:
    flag = f"--{flag_name(key)}"
    return [
        f"`{key}`",
        default(key),
        f"`{flag}`" if flag in flags else "",
        f"`{variable_name(key)}`" if KEYS[key].scalar else "",
        KEYS[key].help,
    ]


def default(key: str) -> str:
    value: object = Config()
    for part in key.split("."):
        value = getattr(value, part)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in ("", ()) else "none"


def test_the_example_file_is_read_and_the_defaults_in_it_are_the_defaults(tmp_path: Path) -> None:
    [example] = [block for block in blocks(PAGE) if block.language == "toml"]
    (tmp_path / "zdmigrate.toml").write_text(example.text)

    config = load(tmp_path, environ={})

    assert (config.gate, config.lock_budget, config.lock_deadline) == (
        Config().gate,
        Config().lock_budget,
        Config().lock_deadline,
    )
    assert config.lint.severity == {"drop-column": "warning", "truncate": "off"}
    assert config.apps_ignored == ("reports",)
