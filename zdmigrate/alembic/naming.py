"""The naming convention of a project's models, read and not run: constraints that a revision leaves unnamed have it.

``env.py`` says ``target_metadata``; from there the names are followed through the project's own files to the call of
``MetaData(naming_convention=…)``. As ``render.py``, it imports nothing of zdmigrate's.
"""

from __future__ import annotations

import ast
import sys
from contextlib import suppress
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FILES = 20  # more than that is no way to a model's base


def naming_convention(env: Path) -> dict[str, str]:
    """The convention as a dict of texts; empty where there is none, or only running the models would tell."""
    waiting, seen = [(env, {"target_metadata"})], set[Path]()
    while waiting and len(seen) < FILES:
        path, names = waiting.pop(0)
        tree = _parsed(path)
        if path in seen or tree is None:
            continue
        seen.add(path)
        if (found := _convention(tree)) is not None:
            return found
        waiting += _imported(path, tree, names | _named(tree, names))
    return {}


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None


def _convention(tree: ast.Module) -> dict[str, str] | None:
    constants: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            constants.update({target.id: node.value for target in targets if isinstance(target, ast.Name)})
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg == "naming_convention":
                value = keyword.value
                value = constants.get(value.id, value) if isinstance(value, ast.Name) else value
                with suppress(ValueError, TypeError):  # worked out as the models are imported
                    given: dict[Any, Any] = dict(ast.literal_eval(value))
                    return {str(key): said for key, said in given.items() if isinstance(said, str)}
    return None


def _named(tree: ast.Module, names: set[str]) -> set[str]:
    """The names that stand in what these are given: ``Base`` for ``target_metadata = Base.metadata``."""
    given = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in names
    ]
    given += [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in names for target in node.targets)
    ]
    return {part.id for value in given for part in ast.walk(value) if isinstance(part, ast.Name)}


def _imported(path: Path, tree: ast.Module, names: set[str]) -> Iterator[tuple[Path, set[str]]]:
    """The project's files that one of the names, or a base class, is imported from."""
    bases = {
        base.id
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) in names | bases or alias.name == "*":
                    module = [*(node.module or "").split("."), alias.name]
                    yield from _files(path, node.level, module, {alias.name, "metadata", *names})
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name.split(".")[0]) in names:
                    yield from _files(path, 0, [*alias.name.split("."), ""], {"metadata", *names})


def _files(path: Path, level: int, module: list[str], names: set[str]) -> Iterator[tuple[Path, set[str]]]:
    """Where the name is a module of its own, and the module that it is in."""
    roots = (
        [path.parents[level - 1]] if level else [Path(root or ".") for root in sys.path if "site-packages" not in root]
    )
    for root in roots:
        for parts in (module, module[:-1]):
            place = root.joinpath(*filter(None, parts))
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file():
                    yield file, names
