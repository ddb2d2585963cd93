"""Writes out the SQL of an Alembic project's revisions, each statement with the line of Python that caused it.

It is run as a file, by the Python that has the project's packages: it imports Alembic and nothing of zdmigrate's.
The application is not imported: revisions are rendered by themselves, and ``env.py`` is read and not run, but for
what its own lines say of transactions.

    python render.py FILE|FOLDER SECTION [--down]  < nothing  > JSON

prints ``{"revisions": [...], "transactions": "each" | "tool"}``; see ``Rendered`` below for what a revision has.
"""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

if sys.path and Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    del sys.path[0]  # the folder of this file, which holds nothing that a project imports

import alembic.util
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.operations import Operations
from alembic.operations import batch as batches
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any, TypedDict

    from alembic.script import Script

    class Place(TypedDict):
        """Lines and columns from 1, columns in code points; the end is the place after the last."""

        line: int
        column: int
        end_line: int
        end_column: int

    class Statement(Place):
        """What one call of ``op`` sends, without the semicolon; ``alone`` in an autocommit_block()."""

        sql: str
        alone: bool

    class Problem(TypedDict):
        """Why a revision could not be rendered to its end."""

        message: str
        line: int
        direction: str  # upgrade or downgrade

    class Rendered(TypedDict):
        """One revision; ``phase`` is expand, contract, or empty; ``path`` is absolute."""

        path: str
        revision: str
        phase: str
        up: list[Statement]
        down: list[Statement]
        problems: list[Problem]


PHASES = ("expand", "contract")
OPTIONS = {"paramstyle": "named"}  # a percent sign stays one


def main(words: list[str]) -> None:
    configuration, section = words[:2]
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    with contextlib.redirect_stdout(sys.stderr):  # what revisions print is not the answer
        try:
            found = project(configuration, section, with_down="--down" in words)
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            found = {"error": told(error), "missing": getattr(error, "name", None) or ""}
    json.dump(found, answer)
    answer.close()


def project(configuration: str, section: str, *, with_down: bool) -> dict[str, Any]:
    """All revisions, each behind those that it stands on."""
    config = configured(configuration, section)
    scripts = ScriptDirectory.from_config(config)
    with importing_what_can_be():
        revisions = list(scripts.walk_revisions())[::-1]
    terms = terms_of(Path(scripts.dir, "env.py"))
    return {
        "transactions": "each" if terms.get("transactional_ddl") is False else "tool",
        "revisions": [rendered(script, with_down=with_down) for script in revisions],
    }


def configured(configuration: str, section: str) -> Config:
    """By its file; or for a project that makes its configuration as it runs, by its folder of scripts."""
    if configuration.endswith(".toml"):
        return Config(toml_file=configuration)
    is_file = configuration.endswith(".ini")
    config = Config(configuration, ini_section=section) if is_file else Config()
    folder = Path(configuration).parent if is_file else Path(configuration)
    location = config.get_main_option("script_location") or ""
    if ":" in location and not Path(location).is_absolute():
        config.set_main_option("script_location", escaped(within_package(location, folder) or location))
    elif not location:
        config.set_main_option("script_location", escaped(folder))
    return config


def escaped(path: Path | str) -> str:
    """As a value of an .ini file."""
    return str(path).replace("%", "%%")


def within_package(location: str, folder: Path) -> Path | None:
    """The folder of ``package:folder``, where the package lies around this one: it need not be imported for that."""
    package, *rest = location.split(":")
    around = next((above for above in (folder, *folder.parents) if above.name == package.split(".")[-1]), None)
    return around.joinpath(*rest) if around else None


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


def terms_of(path: Path) -> dict[str, object]:
    """The constants that ``context.configure`` is called with in ``env.py``."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    configured = [call for call in calls if getattr(call.func, "attr", "") == "configure"]
    keywords = [keyword for call in configured for keyword in call.keywords]
    return {word.arg: word.value.value for word in keywords if word.arg and isinstance(word.value, ast.Constant)}


def rendered(script: Script, *, with_down: bool) -> Rendered:
    up, problem = statements(script, "upgrade")
    down, back = statements(script, "downgrade") if with_down else ([], None)
    return {
        "path": str(Path(script.path).resolve()),
        "revision": script.revision,
        "phase": phase_of(script),
        "up": up,
        "down": down,
        "problems": [found for found in (problem, back) if found],
    }


def phase_of(script: Script) -> str:
    """What the revision says of itself, or its branch's label."""
    said = getattr(script.module, "zd_phase", None)
    labels = sorted(label for label in script.branch_labels if label in PHASES)
    return str(said) if said is not None else labels[0] if labels else ""


# --------------------------------------------------------------------------- one direction of a revision


def statements(script: Script, direction: str) -> tuple[list[Statement], Problem | None]:
    """What ``upgrade()`` or ``downgrade()`` would send, up to where it cannot go on without a database."""
    if error := getattr(script.module, "zd_problem", None):
        return [], {"message": told(error), "line": getattr(error, "lineno", None) or 1, "direction": direction}
    recorder = Recorder(str(script.module.__file__))
    options = {"as_sql": True, "literal_binds": True, "output_buffer": sys.stderr, "script": None}
    context = MigrationContext.configure(dialect_name="postgresql", dialect_opts=OPTIONS, opts=options)
    with recorder.listening(), Operations.context(context):
        try:
            getattr(script.module, direction, nothing)()
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            problem: Problem = {"message": told(error), "line": recorder.line_of(error), "direction": direction}
            return recorder.found, problem
    return recorder.found, None


def nothing() -> None:
    """What a revision without a direction does."""


class Recorder:
    """Listens to what Alembic would send, and looks up the stack for the revision's own line."""

    def __init__(self, path: str) -> None:
        self.found: list[Statement] = []
        self._path = path
        self._alone = False
        self._later: Place | None = None  # of what a batch of operations kept until its end

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """DefaultImpl hands each statement to static_output; a batch keeps its operations in a list until its end."""
        batch = batches.BatchOperationsImpl.__init__
        with contextlib.ExitStack() as instead:
            for owner, name, own in (
                (DefaultImpl, "static_output", lambda _, text: self._take(text)),
                (DefaultImpl, "emit_commit", lambda _: self._leave_transaction(alone=True)),
                (DefaultImpl, "emit_begin", lambda _: self._leave_transaction(alone=False)),
                (batches.BatchOperationsImpl, "__init__", self._batching(batch)),
            ):
                instead.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, own)
            yield

    def line_of(self, error: Exception) -> int:
        """The revision's last line on the way to an error."""
        frames = [line for frame, line in traceback.walk_tb(error.__traceback__) if self._is_own(frame)]
        return frames[-1] if frames else 1

    def _take(self, text: str) -> None:
        sql = text.strip().rstrip(";").rstrip()
        if sql:
            self.found.append({"sql": sql, "alone": self._alone, **(self._later or self._place())})

    def _leave_transaction(self, *, alone: bool) -> None:
        """Where an autocommit_block() begins and ends."""
        self._alone = alone

    def _batching(self, begin: Callable[..., None]) -> Callable[..., None]:
        def begin_recorded(batch: Any, *words: Any, **named: Any) -> None:
            begin(batch, *words, **named)
            batch.batch = Kept(self)

        return begin_recorded

    def _place(self) -> Place:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self._is_own(frame):
            frame = frame.f_back
        return place_in(frame) if frame else {"line": 1, "column": 1, "end_line": 1, "end_column": 1}

    def _is_own(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename == self._path


class Kept(list):  # type: ignore[type-arg]
    """The operations of a batch, each with the place that asked for it."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self._places: list[Place] = []

    def append(self, operation: object) -> None:
        self._places.append(self._recorder._place())
        super().append(operation)

    def __iter__(self) -> Iterator[Any]:
        for place, operation in zip(list(self._places), list.__iter__(self)):  # noqa: B905 - Python 3.9 has no strict
            self._recorder._later = place
            yield operation
        self._recorder._later = None


def place_in(frame: FrameType) -> Place:
    """The call that a frame is in; before Python 3.11 nothing but its line is known."""
    line = frame.f_lineno
    positions = getattr(frame.f_code, "co_positions", None)
    found = list(positions())[frame.f_lasti // 2] if positions else (line, line, None, None)
    start, end, first, last = found
    if start is None or first is None or last is None:
        return {"line": line, "column": 1, "end_line": line, "end_column": 1}
    path, until = frame.f_code.co_filename, end or start
    return {
        "line": start,
        "column": column_of(path, start, first),
        "end_line": until,
        "end_column": column_of(path, until, last),
    }


def column_of(path: str, line: int, offset: int) -> int:
    """Python counts bytes of UTF-8."""
    text = linecache.getline(path, line)
    return len(text.encode()[:offset].decode(errors="replace")) + 1


def told(error: Exception) -> str:
    """An error in one line."""
    first = (str(error).strip().splitlines() or ["it says nothing"])[0]
    return f"{type(error).__name__}: {first}"


if __name__ == "__main__":
    main(sys.argv[1:])
