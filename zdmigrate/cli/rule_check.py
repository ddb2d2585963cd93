"""``rules --check``: the examples of a folder of rules, linted and run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.cli.tables import draw
from zdmigrate.errors import DatabaseError
from zdmigrate.lint.examples import examples_of, problem_of
from zdmigrate.lint.rules import load_rules, read_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.lint.examples import Shown
    from zdmigrate.lint.rule import Rule


class _Row(NamedTuple):
    """``run`` is None where there was no server; a problem is a sentence, and what holds is empty."""

    rule: str
    example: str
    lint: str
    run: str | None


def check(folder: str, config: Config, console: Console, *, dsn: str | None, no_server: bool) -> int:
    """Print a row for each example; 1 where one does not hold, or a rule has none."""
    own = read_folder(folder)
    known = load_rules([folder])  # refuses names that are taken
    with _server(dsn, no_server, console) as server:
        rows = [_row(shown, known, config, server) for shown in examples_of(own)]
    rows += [_Row(rule.name, "", "no [[example]]: write one with bad and good", None) for rule in _without(own)]
    if console.is_json:
        console.json({"version": 1, "examples": [row._asdict() for row in rows]})
    else:
        console.result(draw(("rule", "example", "linted", "run on a server"), [_told(row) for row in rows]))
    return 1 if any(row.lint or row.run for row in rows) else 0


def _row(shown: Shown, known: Sequence[Rule], config: Config, server: str | None) -> _Row:
    run = None
    if server is not None:
        from zdmigrate.run.examples import problem_on

        run = problem_on(server, shown.example)
    return _Row(shown.rule.name, shown.title, problem_of(shown, known, config.postgres), run)


def _without(rules: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in rules if not rule.examples]


def _told(row: _Row) -> tuple[str, str, str, str]:
    return row.rule, row.example, row.lint or "holds", "" if row.run is None else row.run or "holds"


@contextmanager
def _server(dsn: str | None, no_server: bool, console: Console) -> Iterator[str | None]:
    """The server that was named, or an embedded one; without either, None, and a word about it."""
    if dsn or no_server:
        yield dsn
        return
    from zdmigrate.embedded.locate import find
    from zdmigrate.embedded.server import Server

    try:
        binaries = find()
    except DatabaseError as error:
        console.warn(f"the examples are only linted: {error.sentence} {error.hint}")
        yield None
        return
    with Server.start(binaries) as server:
        yield server.dsn()
