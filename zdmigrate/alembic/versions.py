"""Writes out what Alembic would write into its table of versions, without a database: its own code says it.

It is run as a file, by the Python that has the project's packages, as ``render.py`` is.

    python versions.py FILE|FOLDER SECTION '{"revision": "b2", "heads": ["a1"], "upgrade": true}' > JSON

prints ``{"statements": [...]}``, or ``{"error": ...}``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import HeadMaintainer, RevisionStep
from alembic.script import ScriptDirectory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zdmigrate.alembic.configuration import configured
    from zdmigrate.alembic.render import importing_what_can_be, names_before, terms_of, told
else:
    from render import configured, importing_what_can_be, names_before, terms_of, told  # takes its folder off sys.path

TERMS = ("version_table", "version_table_schema", "version_table_pk")


def main(words: list[str]) -> None:
    configuration, section, asked = words
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    with contextlib.redirect_stdout(sys.stderr):
        try:
            found: dict[str, Any] = {"statements": statements(configuration, section, **json.loads(asked))}
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            found = {"error": told(error)}
    json.dump(found, answer)
    answer.close()


def statements(configuration: str, section: str, *, revision: str, heads: list[str], upgrade: bool) -> list[str]:
    """The table first, where no head is there; as ``alembic upgrade --sql`` would begin."""
    config = configured(configuration, section)
    scripts = ScriptDirectory.from_config(config)
    with importing_what_can_be():
        script = scripts.get_revision(revision)
    terms: dict[str, Any] = terms_of(Path(scripts.dir, "env.py"))
    environment = EnvironmentContext(config, scripts, as_sql=True)
    own = {name: terms[name] for name in TERMS if name in terms}
    environment.configure(dialect_name="postgresql", output_buffer=io.StringIO(), **own)
    context = environment.get_context()
    sent: list[str] = []
    context.impl.static_output = lambda text: sent.append(text.strip().rstrip(";").rstrip())  # type: ignore[method-assign]
    if upgrade and (missing := set(names_before(script, scripts)) - standing(heads, scripts)):
        raise LookupError(f"{', '.join(sorted(missing))} should have been run before it")
    if not heads:
        context._version.create(context.connection)  # type: ignore[arg-type]
    HeadMaintainer(context, heads).update_to_step(RevisionStep(scripts.revision_map, script, upgrade))
    return [text for text in sent if text]


def standing(heads: list[str], scripts: ScriptDirectory) -> set[str]:
    """These revisions, and all that they stand on."""
    found: set[str] = set()
    waiting = list(heads)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += names_before(scripts.get_revision(name), scripts)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
