"""An Alembic project as changes to run: each revision is one, with what it stands on and who writes its version."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.schema.names import Name
from zdmigrate.sources.detect import folder_to_lint
from zdmigrate.sources.folder import read_folder
from zdmigrate.sources.text import read_text
from zdmigrate.sources.tool_change import change_of
from zdmigrate.sources.tools import alembic
from zdmigrate.sources.tree import Tree
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from zdmigrate.config import Config
    from zdmigrate.sources.change import Change
    from zdmigrate.sources.part import File

_VERSIONS = "versions.py"


class Follower(NamedTuple):
    """A revision that stands on another."""

    name: str
    contracts: bool


class Revision(Value):
    """Where a change of Alembic's stands among the others, and how Alembic is asked to write its version."""

    after: tuple[str, ...]  # what must be in the database before it: down_revision and depends_on
    before: tuple[Follower, ...]  # those that stand on it
    contracts: bool
    fills: tuple[Change, ...]  # of those that a contract stands on, the expands with a backfill
    version_table: Name
    configuration: str
    section: str  # of the configuration, for alembic --name
    command: tuple[str, ...]  # starts the project's Python


def changes_to_run(config: Config) -> tuple[Change, ...]:
    """The changes of the configured folder, or of the Alembic project there, in order. Raises InputError."""
    folder = folder_to_lint(config.dir)
    if config.source == "alembic" or (not config.source and _is_alembic(folder)):
        return _read_revisions(Tree(folder), config)
    return read_folder(config.dir)


def is_there(config: Config) -> bool:
    """Whether there is a folder of changes, or an Alembic project."""
    return os.path.isdir(folder_to_lint(config.dir))


def version_statements(revision: Revision, name: str, heads: Sequence[str], *, upgrade: bool) -> tuple[str, ...]:
    """What Alembic itself writes into its table when ``name`` has been run (or taken back) at these heads.

    Without any heads the table is created if it is not there: ``CREATE TABLE`` is then the first statement.
    """
    asked = {"revision": name, "heads": sorted(heads), "upgrade": upgrade}
    words = (_VERSIONS, revision.configuration, revision.command, json.dumps(asked))
    answer = alembic.asked(*words, section=revision.section)
    if "error" in answer:
        raise InputError(
            f"{revision.configuration}: Alembic cannot say how the version of {name} is written: {answer['error']}",
            state="nothing was run of it",
            hint="alembic current --verbose, and alembic history, show what it knows",
        )
    return tuple(answer["statements"])


def _is_alembic(folder: str) -> bool:
    if not os.path.isdir(folder):
        return False
    tree = Tree(folder)
    return not tree.flat and alembic.is_shape_of(tree)


def _read_revisions(tree: Tree, config: Config) -> tuple[Change, ...]:
    configuration, found, files = alembic.revisions_to_run(tree, config.source_command, config.source_section)
    table = _version_table(configuration, found)
    revisions = found["revisions"]
    before: dict[str, list[Follower]] = {revision["revision"]: [] for revision in revisions}
    for revision in revisions:
        for name in revision["after"]:
            before[name].append(Follower(revision["revision"], revision["phase"] == "contract"))
    changes: dict[str, Change] = {}
    for file, each in zip(files, revisions, strict=True):
        contracts = each["phase"] == "contract"
        below = [changes[name] for name in each["after"]]
        revision = Revision(
            after=tuple(each["after"]),
            before=tuple(before[each["revision"]]),
            contracts=contracts,
            fills=tuple(change for change in below if contracts and _fills(change)),
            version_table=table,
            configuration=configuration,
            section=alembic.section_to_run(configuration, config.source_section),
            command=config.source_command,
        )
        changes[each["revision"]] = _change(file, each, revision)
    return tuple(changes.values())


def _fills(change: Change) -> bool:
    return any(section.name == "backfill" for section in change.sections)


def _version_table(configuration: str, found: Mapping[str, Any]) -> Name:
    if found["version_table"] is None:
        raise InputError(
            f"{configuration}: env.py works out the name of its version table only as it runs",
            hint="write version_table and version_table_schema as texts in its context.configure(…)",
        )
    schema, name = found["version_table"]
    return Name(schema, name)


def _change(file: File, told: Mapping[str, Any], revision: Revision) -> Change:
    """A contract goes forward only, so its ``downgrade()`` is nobody's revert."""
    text = read_text(file.path)
    change = change_of(file, text, alembic.parts(file, text), down=not revision.contracts)
    return change.changed(id=told["revision"], tool="alembic", revision=revision)
