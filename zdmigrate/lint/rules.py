"""The catalogue of rules: the folder that ships with zdmigrate, and the user's own folders."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from zlib import crc32

import zdmigrate
from zdmigrate.errors import ConfigError
from zdmigrate.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INDEX = "index.json"


def rules_folder() -> str:
    """Where the rules are: inside an installed package, or beside it in a checkout."""
    package = os.path.dirname(zdmigrate.__file__)
    for folder in (os.path.join(package, "rules"), os.path.join(os.path.dirname(package), "rules")):
        if os.path.isdir(folder):
            return folder
    raise ConfigError(f"no rules beside {package}: this installation is broken", hint="install zdmigrate again")


def load_rules(folders: Sequence[str] = ()) -> tuple[Rule, ...]:
    """All rules, those of the user's folders last; ConfigError for a doubled id or name, and for none at all."""
    return _with_users(_shipped(rules_folder()), folders)


def read_rules(folders: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The same with their reasons and examples, which linting does not need."""
    return _with_users(read_folder(rules_folder()), folders)


def _with_users(rules: list[Rule], folders: Sequence[str]) -> tuple[Rule, ...]:
    for folder in folders:
        rules += read_folder(folder)
    _check_unique(rules)
    return tuple(rules)


def read_folder(folder: str) -> list[Rule]:
    """The rules of a folder's TOML files, in full, by name."""
    from pathlib import Path

    from zdmigrate.lint.rule_file import read_rule

    paths = _rule_files(folder)
    if not paths:
        raise ConfigError(f"{folder}: no rule in this folder", hint="name a folder of *.toml files")
    return [read_rule(Path(path)) for path in paths]


def _rule_files(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise ConfigError(f"{folder}: this folder of rules cannot be read: {error.strerror}") from None
    return [os.path.join(folder, name) for name in names if name.endswith(".toml") and not name.startswith(".")]


def _check_unique(rules: Iterable[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        for word in (rule.id, rule.name):
            if word in seen:
                raise ConfigError(f"{rule.name}.toml: two rules are called {word}", hint="rename one of them")
            seen.add(word)


# --------------------------------------------------------------------------- the index


def _shipped(folder: str) -> list[Rule]:
    """The shipped rules from their index, which holds what matching needs: reading the TOML takes ten times as long.

    The index names the texts it was made from; where they have changed since, the TOML is read.
    """
    index = os.path.join(folder, INDEX)
    made: dict[str, Any] = json.loads(_bytes(index)) if os.path.isfile(index) else {}
    if made.get("made_from") != checksum(folder):
        return read_folder(folder)
    return [_from_index(entry) for entry in made["rules"]]


def checksum(folder: str) -> int:
    """Over the names and texts of a folder's rule files. It guards against forgetting, not against malice."""
    total = 0
    for path in _rule_files(folder):
        total = crc32(_bytes(path), crc32(os.path.basename(path).encode(), total))
    return total


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _from_index(entry: dict[str, Any]) -> Rule:
    return Rule(
        **{
            **entry,
            "dialects": tuple(entry["dialects"]),
            "matches": tuple(entry["matches"]),
            "variants": tuple(entry["variants"]),
        }
    )


def index_text(folder: str) -> str:
    """The index of a folder, as JSON with one rule a line."""
    kept = [name for name in Rule.field_names if name not in ("why", "examples")]
    lines = [json.dumps({name: getattr(rule, name) for name in kept}) for rule in read_folder(folder)]
    return f'{{"made_from": {checksum(folder)},\n"rules": [\n' + ",\n".join(lines) + "\n]}\n"
