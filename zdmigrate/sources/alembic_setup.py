"""What ``zdmigrate alembic init`` writes into an Alembic project: each file as it is and as it will be."""

from __future__ import annotations

import ast
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sources.text import read_text
from zdmigrate.sources.tools import alembic
from zdmigrate.sources.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.config import Config

PHASES = ("expand", "contract")
_SEPARATORS = {"os": os.pathsep, "space": " ", "newline": "\n    ", ":": ":", ";": ";"}
_PHASE = '# zd_phase = "expand"  # or "contract"; without it, the label of its branch says\n'
_BRANCH = '''"""begin the {name} branch"""

revision = "{revision}"
down_revision = {after}
branch_labels = ("{name}",)
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''


class Rewritten(NamedTuple):
    """A file that is to be written; ``before`` is empty for a new one."""

    path: str
    before: str
    after: str


def setup(folder: str, config: Config, *, branches: bool) -> list[Rewritten]:
    """What has to be written so that a project works with zdmigrate; nothing for what is there already."""
    configuration, found, _ = alembic.revisions_to_run(Tree(folder), config.source_command, config.source_section)
    scripts = found["scripts"]
    paths = {"env.py": with_lines, "script.py.mako": with_phase}
    files = [_rewritten(os.path.join(scripts, name), change) for name, change in paths.items()]
    files.append(_configuration(os.path.dirname(configuration), config))
    labels = {label for revision in found["revisions"] for label in revision["labels"]}
    if branches and not labels & set(PHASES):
        heads = {revision["revision"] for revision in found["revisions"]}
        heads -= {name for revision in found["revisions"] for name in revision["after"]}
        files += _branches(scripts, configuration, sorted(heads))
    return [file for file in files if file.before != file.after]


def with_lines(text: str) -> str:
    """``env.py`` with the import, the guard, and the hook in each ``context.configure`` that has a connection."""
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    for line, column, more in sorted(_hooks(tree), reverse=True):
        at = len(lines[line - 1].encode()[:column].decode())
        lines[line - 1] = lines[line - 1][:at] + more + lines[line - 1][at:]
    imports = [node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if "zdmigrate.alembic.guard(" not in text:
        lines.insert(_end_of_imports(tree), "\nzdmigrate.alembic.guard()\n")
    if imports and not re.search(r"^import zdmigrate\.alembic$", text, re.MULTILINE):
        lines.insert(_end_of_imports(tree), "import zdmigrate.alembic\n")
    return "".join(lines)


def with_phase(text: str) -> str:
    """The template of revisions, with the place where a phase is said."""
    return text if "zd_phase" in text else re.sub(r"^(depends_on\b.*\n)", rf"\1{_PHASE}", text, count=1, flags=re.M)


def with_locations(text: str) -> str:
    """alembic.ini with a folder for each branch beside that of the revisions; as it is where it names some already."""
    if re.search(r"^version_locations\s*=", text, re.MULTILINE):
        return text
    said = re.search(r"^(?:version_)?path_separator\s*=\s*(\S+)", text, re.MULTILINE)
    between = _SEPARATORS.get(said[1] if said else "space", " ")
    found = re.search(r"^script_location\s*=\s*(.*?)\s*$", text, re.MULTILINE)
    if found is None:
        return text
    folders = [f"{found[1]}/versions", *(f"{found[1]}/versions/{name}" for name in PHASES)]
    return text[: found.end()] + f"\nversion_locations = {between.join(folders)}" + text[found.end() :]


def _hooks(tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    """Where in ``env.py`` which text has to be put in: line, column in bytes, and text."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "configure" and node.keywords):
            continue
        names = {keyword.arg for keyword in node.keywords}
        if "connection" in names and "process_revision_directives" not in names:
            last, before = node.keywords[-1], [node.lineno, *(keyword.end_lineno for keyword in node.keywords[:-1])]
            between = ", " if last.lineno == before[-1] else ",\n" + " " * last.col_offset
            yield (
                last.end_lineno or last.lineno,
                last.end_col_offset or 0,
                between + "process_revision_directives=zdmigrate.alembic.split",
            )


def _end_of_imports(tree: ast.Module) -> int:
    """The last line of the imports that a file begins with."""
    end = 0
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not isinstance(node, ast.Import | ast.ImportFrom) and not is_docstring:
            break
        end = node.end_lineno or end
    return end


def _rewritten(path: str, change: Callable[[str], str]) -> Rewritten:
    text = read_text(path) if os.path.isfile(path) else ""
    return Rewritten(path, text, change(text) if text else "")


def _configuration(folder: str, config: Config) -> Rewritten:
    """``source = "alembic"`` in the configuration that there is, else in a zdmigrate.toml of its own."""
    path = config.path or os.path.join(folder, "zdmigrate.toml")
    text = read_text(path) if os.path.isfile(path) else ""
    if config.source:
        return Rewritten(path, text, text)
    table = "[tool.zdmigrate]\n"
    if os.path.basename(path) != "pyproject.toml":
        return Rewritten(path, text, f'source = "alembic"\n{text}')
    if table not in text:  # only tables below it
        return Rewritten(path, text, f'{text}\n{table}source = "alembic"\n')
    return Rewritten(path, text, text.replace(table, f'{table}source = "alembic"\n', 1))


def _branches(scripts: str, configuration: str, heads: Sequence[str]) -> Iterator[Rewritten]:
    """Two empty revisions on what is there, one on each branch, and where alembic.ini says it, their folders."""
    folder = os.path.join(scripts, "versions")
    is_ini = configuration.endswith(".ini")
    if is_ini:
        yield _rewritten(configuration, with_locations)
    after = repr(tuple(heads)) if len(heads) > 1 else f'"{heads[0]}"' if heads else "None"
    for name in PHASES:
        path = os.path.join(folder, *([name] if is_ini else []), f"zd_{name}.py")
        yield Rewritten(path, "", _BRANCH.format(name=name, revision=f"zd_{name}", after=after))
