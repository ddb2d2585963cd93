"""The programs on the page of the protocol, in their own languages, against a real ledger."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, blocks
from tests.live.shop import until
from tests.sdk.retiring import retire_everything, seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.database import Database

JDBC = "/usr/share/java/postgresql.jar"
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}


def program(language: str) -> str:
    """What the page has in this language."""
    [text] = [block.text for block in blocks(DOCS / "protocol.md") if block.language == language]
    return text


def ruby(folder: Path) -> list[str]:
    (folder / "beat.rb").write_text(program("ruby"))
    return ["ruby", "beat.rb"]


def go(folder: Path) -> list[str]:
    (folder / "beat.go").write_text(program("go"))
    subprocess.run(["go", "build", "-o", "beat", "beat.go"], cwd=folder, env={**os.environ, **GO}, check=True)
    return ["./beat"]


def java(folder: Path) -> list[str]:
    (folder / "Beat.java").write_text(program("java"))
    return ["java", "-cp", JDBC, "Beat.java"]


# A minute goes by until Go has built its own library for the first time.
LANGUAGES = pytest.mark.parametrize(
    "built",
    [
        pytest.param(ruby, marks=pytest.mark.outside),
        pytest.param(java, marks=pytest.mark.outside),
        pytest.param(go, marks=pytest.mark.long),
    ],
)


def started(built: Callable[[Path], list[str]], folder: Path, ledger: Database) -> subprocess.Popen[str]:
    words = built(folder)
    to = ledger.dsn.partition("//")[2]
    place = to.rpartition("@")[2]
    urls = {
        "DATABASE_URL": f"postgresql://{to}?sslmode=disable",
        "JDBC_URL": f"jdbc:postgresql://{place}?user=postgres&connectTimeout=5&socketTimeout=5&prepareThreshold=0",
    }
    environment = {**os.environ, **urls, "RELEASE": "v1"}
    return subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


@LANGUAGES
def test_it_beats_until_it_is_told_to_stop_and_says_goodbye(
    built: Callable[[Path], list[str]], tmp_path: Path, ledger: Database
) -> None:
    with started(built, tmp_path, ledger) as process:
        until(lambda: [why for _, why in seen(ledger)] == [None])
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert [why for _, why in seen(ledger)] == ["goodbye"], told
    assert "retired" not in told


@LANGUAGES
def test_a_retired_version_ends_with_a_goodbye(
    built: Callable[[Path], list[str]], tmp_path: Path, ledger: Database
) -> None:
    retire_everything(ledger)
    with started(built, tmp_path, ledger) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "this version is retired" in told
    assert [why for _, why in seen(ledger)] == ["goodbye"], told
