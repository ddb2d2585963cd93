"""A revision that exists as two: its own file keeps its id and becomes the expand, a new one is the contract.

Nothing is run here, and Alembic is not needed: the revision's SQL has been rendered by the project's Python.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.alembic.body import Line, body_of, commented, printed, raised
from zdmigrate.alembic.own_calls import own_calls
from zdmigrate.alembic.revisions import constants_in, head_of_branch, heads, revisions_in
from zdmigrate.alembic.runs import runs_of
from zdmigrate.errors import InputError
from zdmigrate.recipes.parts.phased import Said
from zdmigrate.sources.op_calls import quoted, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zdmigrate.alembic.body import Own
    from zdmigrate.alembic.revisions import Revision
    from zdmigrate.recipes.parts.merge import Rewritten, Section
    from zdmigrate.sources.change import Change

FORWARD = "A contract goes forward only: what it removed is gone. Restore it, or write a revision that adds it anew."
ONE_WAY = "What this revision has written cannot be taken back."
_BACKFILL = "import zdmigrate.alembic.operations"
_CONTRACT = '''"""{title} (contract)

Revision ID: {id}
Revises: {down}
"""

from alembic import op
import sqlalchemy as sa

zd_phase = "contract"

# revision identifiers, used by Alembic.
revision = {id!r}
down_revision = {down_revision!r}
branch_labels = None
depends_on = {depends_on!r}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


class Written(NamedTuple):
    """A file to write."""

    path: str
    text: str


def rewritten_revision(change: Change, source: str, phases: Rewritten, paths: Iterable[str]) -> list[Written]:
    """The files; ``source`` is the revision's own, ``paths`` are all revisions of the project. Raises InputError."""
    named = {section.name: (section,) for section in phases.sections}
    expand = tuple(section for section in phases.sections if section.name in ("expand", "backfill"))
    contract = named.get("contract", ())
    own = _own(change, source, phases)
    notes = [Line(0, line) for note in phases.notes for line in commented(note)]
    if not expand:
        return [Written(change.path, _filled(source, "contract", [*notes, *_body(contract, own)], raised(FORWARD)))]
    back = body_of(runs_of(named["revert"]), own) if "revert" in named else raised(ONE_WAY)
    files = [Written(change.path, _filled(source, "expand", [*notes, *_body(expand, own)], back))]
    return [*files, _contract(change, source, _body(contract, own), paths)] if contract else files


def _own(change: Change, source: str, phases: Rewritten) -> Own:
    sent = {
        words_of(said.sql)
        for section in phases.sections
        for step in section.steps
        for said in ((step,) if isinstance(step, Said) else step.statements)
    }
    known = own_calls(change, source, sent)
    return lambda sql: known.get(words_of(sql))


def _body(sections: Sequence[Section], own: Own) -> list[Line]:
    return body_of(runs_of(sections), own) or [Line(0, "pass")]


# --------------------------------------------------------------------------- the revision's own file


def _filled(source: str, phase: str, forth: Sequence[Line], back: Sequence[Line]) -> str:
    """The module with other bodies, its phase, and what these need imported."""
    tree, lines = ast.parse(source), source.splitlines()
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    new = {"upgrade": forth, "downgrade": back}
    if "downgrade" not in functions:
        lines += ["", "", "def downgrade() -> None:", *printed(back, 1)]
    for name, function in sorted(functions.items(), key=lambda each: -each[1].lineno):
        if name in new:
            first, last = _body_lines(function)
            lines[first:last] = list(printed(new[name], 1))
    at = min(_first_line(function) for function in functions.values()) - 1
    while at and (not lines[at - 1].strip() or lines[at - 1].startswith("#")):
        at -= 1
    lines[at:at] = [f'zd_phase = "{phase}"']
    text = "\n".join(lines) + "\n"
    return _importing(text)


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _body_lines(function: ast.FunctionDef) -> tuple[int, int]:
    """The lines to replace, behind the docstring; as a slice of the file's."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno or first.lineno) if has_docstring else first.lineno - 1
    return start, function.end_lineno or start


def _importing(text: str) -> str:
    """With the imports that the new bodies need, above the others."""
    tree = ast.parse(text)
    known = {alias.asname or alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    wanted = [
        *(["import sqlalchemy as sa"] if "sa." in text and "sa" not in known else []),
        *([_BACKFILL] if "op.zd_backfill(" in text and "zdmigrate.alembic.operations" not in known else []),
    ]
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    at = (imports[-1].end_lineno or 0) if imports else 0
    lines = text.splitlines()
    lines[at:at] = wanted
    return "\n".join(lines) + "\n"


# --------------------------------------------------------------------------- the contract's


def _contract(change: Change, source: str, body: Sequence[Line], paths: Iterable[str]) -> Written:
    expand = str(constants_in(source).get("revision", ""))
    if not expand:
        raise InputError(f"{change.path}:1: its revision is no plain text", hint='write revision = "…"')
    below, depends_on = _place(expand, change, revisions_in(paths))
    folder, own = Path(below.path if depends_on else change.path).parent, Path(change.path).name
    name = own.replace(expand, f"{expand}_contract") if expand in own else own.replace(".py", "_contract.py")
    title = (ast.get_docstring(ast.parse(source)) or expand).splitlines()[0].strip()
    down = below.id
    text = _CONTRACT.format(
        title=title.replace('"""', "'''").replace("\\", "/"),
        id=f"{expand}_contract",
        down=down,
        down_revision=down,
        depends_on=expand if depends_on else None,
        upgrade="\n".join(printed(body, 1)),
        downgrade="\n".join(printed(raised(FORWARD), 1)),
    )
    return Written(str(folder / name), _importing(text))


def _place(expand: str, change: Change, revisions: Sequence[Revision]) -> tuple[Revision, bool]:
    """The revision that the contract comes behind, and whether its expand is another one."""
    branch = head_of_branch(revisions, "contract")
    if branch is not None and head_of_branch(revisions, "expand") is not None:
        return branch, True
    last = [revision for revision in heads(revisions) if revision.id]
    own = next((revision for revision in last if revision.id == expand), None)
    if own is not None:
        return own, False
    if len(last) != 1:
        told = ", ".join(revision.id for revision in last)
        raise InputError(
            f"{change.path}:1: the contract comes behind the last revision, and there are several: {told}",
            hint="merge them, or label two of them expand and contract",
        )
    return last[0], True


def told(files: Iterable[Written]) -> str:
    """Both files, each under its path."""
    return "\n".join(_told(files))


def _told(files: Iterable[Written]) -> Iterator[str]:
    for file in files:
        yield f"# {quoted(file.path)}"
        yield file.text
