"""How code writes the names of a database: ``order_items`` is OrderItem to an ORM, ``full_name`` is fullName."""

from __future__ import annotations

import re

_SNAKE = ("py", "pyi", "rb", "erb", "rake", "ex", "exs", "rs", "pl", "lua")  # FullName is a class there
_PASCAL = ("go", "cs", "fs", "vb", "cshtml", "razor")
_UNCHANGED = ("news", "series", "species", "status", "address", "settings", "data", "media", "metadata", "analysis")


def singular(word: str) -> str:
    """``order_items`` -> ``order_item``: the endings that frameworks take away, and no dictionary."""
    head, mark, last = word.rpartition("_")
    return head + mark + _singular(last)


def _singular(word: str) -> str:
    if word in _UNCHANGED or word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in (("people", "person"), ("children", "child"), ("ies", "y"), ("indices", "index")):
        if word.endswith(ending) and len(word) > len(ending) - len(instead) + 2:
            return word[: -len(ending)] + instead
    if re.search(r"(s|x|z|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def plural(word: str) -> str:
    """``category`` -> ``categories``."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def camel(name: str) -> str:
    """``full_name`` -> ``fullName``."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def pascal(name: str) -> str:
    """``full_name`` -> ``FullName``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def spellings(name: str, path: str) -> frozenset[str]:
    """A column as the language of a file writes it: as it is, FULL_NAME, and fullName or FullName where that is one."""
    ending = path.rpartition(".")[2]
    if ending in _SNAKE:
        return frozenset((name, name.upper()))
    return frozenset((name, name.upper(), camel(name), *([pascal(name)] if ending in _PASCAL else [])))


def models(table: str) -> frozenset[str]:
    """What an ORM calls the class of a table's rows; and the table, in a constant or as a class."""
    one, many = singular(table), table if singular(table) != table else plural(table)
    return frozenset((pascal(one), pascal(many), one.upper(), many.upper()))


def rows(table: str) -> frozenset[str]:
    """What code calls a variable with a row, or with several."""
    one = singular(table)
    return frozenset((one, camel(one), table, camel(table)))


def any_of(words: frozenset[str] | set[str]) -> str:
    """A pattern of these words, whole ones; the longest first."""
    told = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
    return rf"(?<![A-Za-z0-9_])(?:{told})(?![A-Za-z0-9_])"
