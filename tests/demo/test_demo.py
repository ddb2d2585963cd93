"""The whole story, as a user runs it, and what is left when it is cut short: nothing."""

from __future__ import annotations

import re
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from tests.demo.process import Demo, demo, gone

if TYPE_CHECKING:
    from pathlib import Path

FEW = ("--users", "2000")


def test_the_story_is_told_to_its_good_end_and_the_server_kept_until_ctrl_c() -> None:
    # The caller's own settings must neither reach the story's connections nor its commands.
    hostile = {"PGOPTIONS": "-c default_transaction_read_only=on", "PGSSLMODE": "require", "ZDMIGRATE_APP": "other"}
    with demo(*FEW, "--keep", **hostile) as told:
        told.read_to("The server stays until Ctrl-C")
        with socket.create_connection(("127.0.0.1", told.port)):
            pass
        assert told.end(signal.SIGINT) == 0, told.said
        assert_the_acts_are_there(told.said)
        assert_the_figures_are_good(told.said)
        assert_nothing_is_left(told)


def assert_the_acts_are_there(said: str) -> None:
    in_order = [
        "1  The shop is open",
        "$ zdmigrate init --release v1 --baseline 001_shop",
        "2  The obvious change",
        "$ zdmigrate lint\n",
        "rename-column",
        "(exit code 1)",
        "3  The same change, in phases",
        "-- zdmigrate: expand",
        "$ zdmigrate lint\n",
        "no findings",
        "$ zdmigrate apply --phase expand --release v2",
        "'monthly report'",
        "002_full_name is expanded",
        "4  Two versions, one table",
        "shop v2: ready",
        "$ zdmigrate apply --phase contract --release v3\n",
        "The gate of 002_full_name is shut",
        "heartbeat: v1-a, v1-b",
        "(exit code 3)",
        "5  v1 says goodbye",
        "002_full_name is contracted",
        "What was measured",
        "No query failed, none waited over the budget, and no write was lost.",
    ]
    place = 0
    for words in in_order:
        assert words in said[place:], f"{words!r} is not where it belongs:\n{said}"
        place = said.index(words, place) + len(words)


def assert_the_figures_are_good(said: str) -> None:
    figures = said.partition("What was measured")[2]
    queries = re.search(r"queries +([\d,]+) +([\d,]+)$", figures, re.MULTILINE)
    assert queries is not None
    assert all(int(number.replace(",", "")) > 1_000 for number in queries.groups())
    assert re.search(r"failed queries +0 +0$", figures, re.MULTILINE)
    assert re.search(r"lost writes +0 ", figures)
    assert re.search(r"names that disagreed +0   in [1-9]\d* checks", figures)


def assert_nothing_is_left(told: Demo) -> None:
    assert gone(f"port={told.port}")
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", told.port)) != 0


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ("$ export ZDMIGRATE_DSN", signal.SIGINT),  # v1 begins to work
        # a command runs, and a report stands in its way
        pytest.param("waiting for a lock", signal.SIGINT, marks=pytest.mark.whole),
        # both versions work
        pytest.param("The gate of 002_full_name is shut", signal.SIGTERM, marks=pytest.mark.whole),
    ],
)
def test_an_interrupted_story_leaves_nothing(words: str, how: signal.Signals, tmp_path: Path) -> None:
    with demo(*FEW, TMPDIR=str(tmp_path)) as told:
        told.read_to(words)
        assert told.end(how) == 130, told.said
        assert "interrupted" in told.said
        assert "Traceback" not in told.said
        assert_nothing_is_left(told)
    assert list(tmp_path.glob("zdmigrate-demo-*")) == []


def test_help_has_an_example() -> None:
    with demo("--help") as told:
        assert told.end() == 0
    assert "zdmigrate demo --users 1000000 --keep" in told.said


def test_too_few_users_are_refused() -> None:
    with demo("--users", "10") as told:
        assert told.end() == 2
    assert "x>=1000" in told.said
