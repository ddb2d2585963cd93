"""Django: migrations are Python; a command of the user's prints their SQL (``manage.py sqlmigrate``)."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from zdmigrate.sources.part import File, Part
from zdmigrate.sources.text import read_text
from zdmigrate.sources.tools.alembic import is_revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zdmigrate.sources.tree import Tree

_NAME = r"[0-9]{4}_\w+\.py"


def is_shape_of(tree: Tree) -> bool:
    found = [name for name in tree.names if re.fullmatch(_NAME, name)]
    return bool(found) and not tree.flat and not is_revision(read_text(tree.join(found[0])))


def files(tree: Tree) -> Sequence[File]:
    """Each behind those of its app that it names in ``dependencies``, else in the order of names."""
    app = os.path.basename(os.path.dirname(os.path.abspath(tree.path)))
    names = [name[:-3] for name in tree.names if re.fullmatch(_NAME, name)]
    needs = {name: _needs(read_text(tree.join(f"{name}.py")), app) for name in names}
    return [File(tree.join(f"{name}.py"), arguments=(app, name)) for name in _ordered(needs)]


def parts(file: File, text: str) -> Sequence[Part]:
    """What sqlmigrate prints says itself where BEGIN and COMMIT stand."""
    return [Part(0, len(text))]


def _needs(text: str, app: str) -> set[str]:
    """The app's own migrations that a file depends on; read and not run."""
    import ast

    try:
        module = ast.parse(text)
    except SyntaxError:  # Django will say so when it is asked for the SQL
        return set()
    assigned = (node for node in ast.walk(module) if isinstance(node, ast.Assign))
    named = [node.value for node in assigned if any(getattr(to, "id", "") == "dependencies" for to in node.targets)]
    pairs = (pair for value in named for pair in ast.walk(value) if isinstance(pair, ast.Tuple))
    words = ([part.value for part in pair.elts if isinstance(part, ast.Constant)] for pair in pairs)
    return {str(pair[1]) for pair in words if len(pair) == 2 and pair[0] == app}


def _ordered(needs: Mapping[str, set[str]]) -> list[str]:
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...] = ()) -> Iterator[str]:
        for need in sorted(needs[name] & needs.keys()):
            if need not in done and need not in above:  # a circle is Django's to refuse
                yield from visit(need, (*above, name))
        if name not in done:
            done[name] = None
            yield name

    return [found for name in sorted(needs) for found in visit(name)]
