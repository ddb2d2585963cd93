"""A rule's TOML file: read in full, and whatever is not understood is an error that names the file."""

from __future__ import annotations

import tomllib
from string import Formatter
from typing import TYPE_CHECKING, Any

from zdmigrate.config_keys import SEVERITIES
from zdmigrate.errors import ConfigError
from zdmigrate.lint.rule import ENGINE_RULES, Example, Rule
from zdmigrate.nearest import did_you_mean
from zdmigrate.schema.fact_table import DEFAULTS

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = ("compatibility", "locking", "transaction", "data", "hygiene")
_WRITTEN = ("", "_concurrently", "_on_only", "_on_partition")
ENGINE_FACTS = (
    *("problem", "repair", "release", "lost", "named_in", "this_foreign_key"),
    *(f"this_statement{how}" for how in _WRITTEN),
)

_TEXTS = ("id", "name", "title", "severity", "category", "message", "why", "instead")
_OTHERS = ("dialects", "recipe", "fallback", "variant", "match", "example")
_EXAMPLE = {"title": str, "given": str, "bad": str, "good": list, "breaks": str, "section": str, "released": str}


def read_rule(path: Path) -> Rule:
    """The rule in a file; ConfigError names the file and what is wrong with it."""
    table = _parse(path)
    for key in table.keys() - {*_TEXTS, *_OTHERS}:
        raise ConfigError(f"{path}: unknown key {key}", hint=did_you_mean(key, (*_TEXTS, *_OTHERS)))
    for key in _TEXTS:
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise ConfigError(f"{path}: {key} must be a text that is not empty")
    _check_words(table, path)
    matches = tuple(_match(match, path) for match in _tables(table, "match", path))
    if not matches and table["name"] not in ENGINE_RULES:
        raise ConfigError(f"{path}: no [[match]] table, so that it could never be raised")
    return Rule(
        **{key: table[key].strip() for key in _TEXTS},
        variants=tuple(_variant(variant, path) for variant in _tables(table, "variant", path)),
        recipe=table.get("recipe"),
        dialects=tuple(table.get("dialects", ("postgres",))),
        fallback=table.get("fallback", False),
        matches=matches,
        examples=tuple(_example(example, path) for example in _tables(table, "example", path)),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _check_words(table: dict[str, Any], path: Path) -> None:
    if table["name"] != path.stem:
        raise ConfigError(f"{path}: its name is {table['name']}", hint=f"rename the file to {table['name']}.toml")
    for key, words in (("severity", (*SEVERITIES, "off")), ("category", CATEGORIES)):
        if table[key] not in words:
            raise ConfigError(f"{path}: unknown {key} {table[key]}", hint=did_you_mean(table[key], words))
    for key in ("message", "instead"):
        _check_placeholders(table[key], key, path)


def _check_placeholders(text: str, key: str, path: Path) -> None:
    for fact in _placeholders(text, key, path):
        _check_fact(fact, path)


def _placeholders(text: str, key: str, path: Path) -> list[str]:
    try:
        return [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    except ValueError as error:
        raise ConfigError(f"{path}: {key}: {error}", hint="write {{ and }} for braces") from None


def _check_fact(fact: str, path: Path) -> None:
    if fact not in DEFAULTS and fact not in ENGINE_FACTS:
        raise ConfigError(f"{path}: unknown fact {fact or '{}'}", hint=did_you_mean(fact, DEFAULTS))


def _tables(table: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ConfigError(f"{path}: {key} must be written [[{key}]]")
    return found


def _variant(variant: dict[str, Any], path: Path) -> dict[str, Any]:
    instead = variant.get("instead")
    if not isinstance(instead, str) or not instead.strip():
        raise ConfigError(f"{path}: a [[variant]] needs instead, a text that is not empty")
    _check_placeholders(instead, "instead", path)
    facts = {fact: wanted for fact, wanted in variant.items() if fact != "instead"}
    return {"instead": instead.strip(), "match": _match(facts, path)}


def _match(match: dict[str, Any], path: Path) -> dict[str, Any]:
    if not match:
        raise ConfigError(f"{path}: an empty [[match]] would match everything")
    for fact, wanted in match.items():
        _check_fact(fact, path)
        choices = wanted if isinstance(wanted, list) else [wanted]
        kind = type(DEFAULTS.get(fact, ""))
        if not choices or not all(type(choice) is kind for choice in choices):
            words = {bool: "true or false", int: "a number or a list of them", str: "a text or a list of texts"}
            raise ConfigError(f"{path}: {fact} must be {words[kind]}")
    return match


def _example(example: dict[str, Any], path: Path) -> Example:
    for key, value in example.items():
        if key not in _EXAMPLE:
            raise ConfigError(f"{path}: unknown key {key} in [[example]]", hint=did_you_mean(key, _EXAMPLE))
        if not isinstance(value, _EXAMPLE[key]):
            kind = "text" if _EXAMPLE[key] is str else "list of texts"
            raise ConfigError(f"{path}: {key} in [[example]] must be a {kind}")
    if "bad" not in example:
        raise ConfigError(f"{path}: an [[example]] needs bad")
    return Example(**{**example, "good": tuple(example.get("good", ()))})
