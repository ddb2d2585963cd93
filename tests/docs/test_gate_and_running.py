"""Reason codes, states and exit codes are all in the docs, and the messages quoted there are ones that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, ROOT, blocks, tables
from zdmigrate import errors
from zdmigrate.cli.main import BUG
from zdmigrate.live.sighting import Presence
from zdmigrate.live.verdict import Code
from zdmigrate.run import dependents, preflight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import Database

GATE, RUNNING = DOCS / "gate.md", DOCS / "running.md"


def first_cells(name: str) -> set[str]:
    return {row[0].strip("`") for row in tables(DOCS / name)}


def test_every_reason_of_a_shut_gate_is_explained() -> None:
    own = set(re.findall(r'Reason\(\s*"([a-z-]+)"', "".join(map(_source, (dependents, preflight)))))

    assert {str(code) for code in Code} | own <= first_cells("gate.md")


def _source(module: object) -> str:
    import inspect

    return inspect.getsource(module)  # type: ignore[arg-type]  # a module is what it takes


def test_every_state_of_an_instance_is_explained() -> None:
    assert {str(state) for state in Presence} <= first_cells("gate.md")


@pytest.mark.parametrize("page", ["README.md", "docs/running.md"])
def test_every_exit_code_is_explained(page: str) -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "exit_code")]

    codes = {str(each.exit_code) for each in classes} | {"0", "1", str(BUG)}

    assert codes <= {row[0] for row in tables(ROOT / page)}


QUOTED = [
    row[0].strip("`")
    for row in tables(RUNNING)
    if len(row) == 3 and row[0].startswith("`") and row[0].endswith("`") and " " in row[0] and "apply --" not in row[0]
]


@pytest.mark.parametrize("message", QUOTED)
def test_a_message_that_the_page_explains_is_one_that_the_program_has(message: str) -> None:
    pieces = [piece.strip() for piece in message.split("…") if piece.strip()]

    assert any(_in_order(pieces, sentence) for sentence in sentences())


def _in_order(pieces: list[str], sentence: str) -> bool:
    return bool(re.search(".*".join(map(re.escape, pieces)), sentence, flags=re.DOTALL))


@cache
def sentences() -> tuple[str, ...]:
    """Every literal of the program, with … for what is put in."""
    files = sorted((ROOT / "zdmigrate").rglob("*.py"))
    return tuple(text for file in files for text in _literals(ast.parse(file.read_text("utf-8"))))


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield "".join(_literals(node.left)) + "".join(_literals(node.right))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_sql_of_the_gate_is_what_the_ledger_answers(database: Database) -> None:
    from zdmigrate.cli.main import run

    assert run(["init", "--release", "7.2", "--app", "shop", "--dsn", database.dsn]) == 0
    beat, goodbye, ready = [block.text for block in blocks(GATE) if block.language == "sql"]

    assert database.execute(beat) == [("ok",)]
    assert database.execute(ready) == [("ready",)]
    database.execute(goodbye)
    assert database.execute("SELECT left_why FROM zdmigrate.instance") == [("goodbye",)]
