"""How code writes the names of a database: ``order_items`` is OrderItem to an ORM, ``full_name`` is fullName."""

from __future__ import annotations

import re

_SNAKE = ("py", "pyi", "rb", "erb", "rake", "ex", "exs", "rs", "pl", "lua")  # FullName is a class there
_PASCAL = ("go", "cs", "fs", "vb", "cshtml", "razor")
_UNCHANGED = ("news", "series", "species", "settings")
_ENDINGS = (("people", "person"), ("children", "child"), ("indices", "index"), ("ies", "y"), ("s", ""))
_SIBILANTS = ("s", "x", "z", "ch", "sh")  # these have -es


def singulars(table: str) -> tuple[str, ...]:
    """What one of several may be called: ``houses`` is house or hous, for no dictionary is asked; itself of one."""
    head, mark, last = table.rpartition("_")
    if last in _UNCHANGED or last.endswith(("ss", "us", "is")):
        return (table,)
    found = [last[: -len(ending)] + one for ending, one in _ENDINGS if last.endswith(ending)]
    found += [last[:-2]] if last.endswith("es") and last[:-2].endswith(_SIBILANTS) else []
    return tuple(head + mark + word for word in found if len(word) > 1) or (table,)


def plural(word: str) -> str:
    """``category`` -> ``categories``."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(_SIBILANTS) else "s")


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
    ones = singulars(table)
    names = (*ones, plural(table) if ones == (table,) else table)
    return frozenset(word for name in names for word in (pascal(name), name.upper()))


def rows(table: str) -> frozenset[str]:
    """What code calls a variable with a row, or with several."""
    return frozenset(word for name in (*singulars(table), table) for word in (name, camel(name)))


def any_of(words: frozenset[str] | set[str]) -> str:
    """A pattern of these words, whole ones; the longest first."""
    told = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
    return rf"(?<![A-Za-z0-9_])(?:{told})(?![A-Za-z0-9_])"
