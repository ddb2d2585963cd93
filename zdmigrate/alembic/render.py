"""Writes out the SQL of an Alembic project's revisions, each statement with the line of Python that caused it.

It is run as a file, by the Python that has the project's packages: it imports Alembic and nothing of zdmigrate's.
The application is not imported: revisions are rendered by themselves, and ``env.py`` is read and not run, but for
what its own lines say of transactions.

    python render.py FILE|FOLDER SECTION [SCRATCH] > JSON

prints ``{"revisions": [...], "transactions": "each" | "tool", "version_table": [schema, name], "scripts": folder}``;
see ``Rendered`` below for what a revision has.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import alembic.util
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import MetaData

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypedDict

    from alembic.config import Config
    from alembic.script import Script

    from zdmigrate.alembic import on_a_server
    from zdmigrate.alembic.configuration import configured, gone
    from zdmigrate.alembic.naming import naming_convention
    from zdmigrate.alembic.on_a_server import Applied
    from zdmigrate.alembic.phase import phases_of
    from zdmigrate.alembic.recording import Recorder, Statement

    class Problem(TypedDict):
        """Why a revision could not be rendered to its end."""

        message: str
        line: int
        direction: str  # upgrade or downgrade

    class Rendered(TypedDict):
        """One revision; ``phase`` is expand, contract, or empty; ``path`` is absolute.

        ``after`` are the revisions that come before it, whether by ``down_revision`` or by ``depends_on``.
        """

        revision: str
        after: list[str]
        path: str
        phase: str
        labels: list[str]  # its own
        up: list[Statement]
        down: list[Statement]
        problems: list[Problem]

else:
    import on_a_server
    from configuration import configured, gone
    from naming import naming_convention
    from phase import phases_of
    from recording import Recorder

    sys.path.remove(str(Path(__file__).parent))  # what a project imports is not here,
    for name in ("configuration", "naming", "on_a_server", "phase", "recording"):  # and is its own, whatever its name
        del sys.modules[name]


OPERATIONS = "zdmigrate.alembic.operations"
OPTIONS = {"paramstyle": "named"}  # a percent sign stays one


def main(words: list[str]) -> None:
    configuration, section, *scratch = words
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    with contextlib.redirect_stdout(sys.stderr):  # what revisions print is not the answer
        try:
            found = project(configuration, section, scratch[0] if scratch else "")
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            found = {"error": told(error)}
    json.dump(found, answer)
    answer.close()


def project(configuration: str, section: str, scratch: str = "") -> dict[str, Any]:
    """All revisions, each behind those that it stands on; with a ``scratch`` server, what asks a database as well."""
    config = configured(configuration, section)
    scripts = ScriptDirectory.from_config(config)
    with importing_what_can_be():
        revisions = list(scripts.walk_revisions())[::-1]
    terms = terms_of(Path(scripts.dir, "env.py"))
    register_operations(Path(scripts.dir, "env.py"))
    config.attributes["zd_models"] = MetaData(naming_convention=naming_convention(Path(scripts.dir, "env.py")) or None)
    phases = phases_of(revisions)
    found = [rendered(script, phases[script.revision], config, scripts) for script in revisions]
    if scratch:
        completed(found, revisions, on_a_server.applied(revisions, config, scripts, scratch))
    return {
        "transactions": "each" if terms.get("transactional_ddl") is False else "tool",
        "version_table": version_table(terms),
        "scripts": str(Path(scripts.dir).resolve()),
        "revisions": found,
    }


def register_operations(env: Path) -> None:
    """What ``env.py`` imports of zdmigrate's for its revisions, since it is not run itself."""
    if env.is_file() and OPERATIONS in env.read_text(encoding="utf-8"):
        with contextlib.suppress(ImportError):
            importlib.import_module(OPERATIONS)


def completed(found: list[Rendered], revisions: list[Script], applied: Iterator[Applied]) -> None:
    """Put in what the server has seen of revisions that ask one, or what it says."""
    for script, revision, (sent, error) in zip(revisions, found, applied):  # noqa: B905 - Python 3.9 has no strict
        problem = next((problem for problem in revision["problems"] if problem["direction"] == "upgrade"), None)
        if problem and error is None:
            revision["up"] = sent
            revision["problems"] = [other for other in revision["problems"] if other is not problem]
            revision["problems"] += rows_read_by(sent)
        elif problem and error and not hasattr(script.module, "zd_problem"):
            problem["message"] = told(error)


def rows_read_by(sent: list[Statement]) -> list[Problem]:
    """What it does with rows cannot be seen where there are none."""
    reading = [
        statement for statement in sent if statement["sql"].lstrip("( \n").upper().startswith(("SELECT", "WITH"))
    ]
    told = "it reads rows, and the server that it was tried on has none"
    return [{"message": told, "line": reading[0]["line"], "direction": "upgrade"}] if reading else []


def lacks(revision: Rendered) -> bool:
    """Whether its upgrade could not be rendered to the end."""
    return any(problem["direction"] == "upgrade" for problem in revision["problems"])


@contextlib.contextmanager
def importing_what_can_be() -> Iterator[None]:
    """A revision that cannot be imported keeps its place among the others, and says why it has no SQL."""
    load = alembic.util.load_python_file

    def loaded(folder: str | os.PathLike[str], name: str | os.PathLike[str]) -> ModuleType:
        try:
            return load(folder, name)
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            path = Path(folder, name)
            module = ModuleType(path.stem)
            module.__dict__.update(constants_in(path), __file__=str(path), zd_problem=error)
            return module

    alembic.util.load_python_file = loaded  # type: ignore[assignment]
    try:
        yield
    finally:
        alembic.util.load_python_file = load


def constants_in(path: Path) -> dict[str, object]:
    """The names that a file of Python gives to plain values at its top: revision, down_revision, depends_on …"""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        with contextlib.suppress(ValueError, TypeError):  # what is worked out as the file runs
            value = ast.literal_eval(node.value)
            found.update({name.id: value for name in targets if isinstance(name, ast.Name)})
    return found


def terms_of(path: Path) -> dict[str, Any]:
    """What ``context.configure`` is called with in ``env.py``: constants, and names that have one at its top.

    ``worked_out`` are the names of those that only running it would tell.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {"worked_out": []}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    configured = [call for call in calls if getattr(call.func, "attr", "") == "configure"]
    given = {keyword.arg: keyword.value for call in configured for keyword in call.keywords if keyword.arg}
    named = constants_in(path)
    known: dict[str, Any] = {name: value.value for name, value in given.items() if isinstance(value, ast.Constant)}
    names = {name: value.id for name, value in given.items() if isinstance(value, ast.Name)}
    known.update({name: named[constant] for name, constant in names.items() if constant in named})
    return {**known, "worked_out": sorted(given.keys() - known.keys())}


def rendered(script: Script, phase: str, config: Config, scripts: ScriptDirectory) -> Rendered:
    environment = EnvironmentContext(config, scripts, as_sql=True)
    up, problem = statements(script, "upgrade", environment)
    down, back = statements(script, "downgrade", environment)
    return {
        "revision": script.revision,
        "after": names_before(script, scripts),
        "path": str(Path(script.path).resolve()),
        "phase": phase,
        "labels": list(to_tuple(getattr(script.module, "branch_labels", None), ())),
        "up": up,
        "down": down,
        "problems": [found for found in (problem, back) if found],
    }


def version_table(terms: dict[str, Any]) -> list[str | None] | None:
    """Schema and name of the table of versions, or None where only running ``env.py`` would tell."""
    if {"version_table", "version_table_schema"} & set(terms["worked_out"]):
        return None
    return [terms.get("version_table_schema"), terms.get("version_table", "alembic_version")]


def names_before(script: Script, scripts: ScriptDirectory) -> list[str]:
    needed = [other.revision for name in to_tuple(script.dependencies, ()) for other in scripts.get_revisions(name)]
    return list(dict.fromkeys([*to_tuple(script.down_revision, ()), *needed]))


# --------------------------------------------------------------------------- one direction of a revision


def statements(
    script: Script, direction: str, environment: EnvironmentContext
) -> tuple[list[Statement], Problem | None]:
    """What ``upgrade()`` or ``downgrade()`` would send, up to where it cannot go on without a database."""
    if error := getattr(script.module, "zd_problem", None):
        return [], {"message": told(error), "line": getattr(error, "lineno", None) or 1, "direction": direction}
    recorder = Recorder(str(script.module.__file__))
    with environment, recorder.listening():
        environment.configure(
            dialect_name="postgresql",
            dialect_opts=OPTIONS,
            literal_binds=True,
            output_buffer=sys.stderr,
            target_metadata=environment.config.attributes["zd_models"],
        )
        try:
            with Operations.context(environment.get_context()):
                gone(script, direction, environment.config)
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            if direction == "downgrade" and type(error) is NotImplementedError and not recorder.found:
                return [], None  # it says that there is no way back
            problem: Problem = {"message": told(error), "line": recorder.line_of(error), "direction": direction}
            return recorder.found, problem
    return recorder.found, None


def told(error: Exception) -> str:
    """An error in one line."""
    first = (str(error).strip().splitlines() or ["it says nothing"])[0]
    return f"{type(error).__name__}: {first}"


if __name__ == "__main__":
    main(sys.argv[1:])
