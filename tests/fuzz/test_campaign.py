"""A campaign tells of a case that raises, that ends its process, and that takes long; and it goes on behind each."""

from __future__ import annotations

from random import Random
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import campaign
from tests.fuzz.campaign import checked, child, numbers_for, run, text_of
from tests.fuzz.mutate import case

if TYPE_CHECKING:
    from pathlib import Path

TROUBLE = """
    import os, signal, sys, time
    from pathlib import Path
    from tests.fuzz import campaign

    given = dict(zip(sys.argv[1::2], sys.argv[2::2]))

    def check(text):
        match text:
            case "2": raise ValueError("two\\nlines")
            case "4": os.kill(os.getpid(), signal.SIGSEGV)
            case "6": os._exit(3)
            case "8": time.sleep(600)
        return 2.0 if text == "7" else 0.5 if text == "9" else 0.0

    campaign.check, campaign.text_of = check, lambda seed, number: str(number)
    campaign.child(1, range(int(given["--first"]), 10), Path(given["--child"]))
"""


def test_every_kind_of_trouble_is_told_and_gone_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trouble.py").write_text(dedent(TROUBLE))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{campaign.ROOT}")
    monkeypatch.setattr(campaign, "STUCK", 3.0)
    result = run(1, 200, module="trouble")
    assert [number for number, _ in result.problems] == [2, 4, 6, 7, 8]
    raised, killed, ended, slow, stuck = (what for _, what in result.problems)
    assert raised == "ValueError: two lines"
    assert killed.startswith("the process ended with -11: Fatal Python error: Segmentation fault")
    assert ended.startswith("the process ended with 3")
    assert (slow, stuck) == ("took 2.0 s", "stuck for 3 s")
    assert (result.cases, result.slowest) == (10, 2.0)


def test_a_case_is_the_same_every_time() -> None:
    cases = [text_of(3, number) for number in range(50)]
    assert cases == [case(Random(f"3:{number}")) for number in range(50)]
    assert len(set(cases)) == 50


def test_cases_are_numbered_from_the_one_that_is_asked_for(tmp_path: Path) -> None:
    child(1, [5, 6], tmp_path / "log")
    lines = (tmp_path / "log").read_text("utf-8").splitlines()
    assert [line for line in lines if line.endswith("begun")] == ["5 - begun", "6 - begun"]
    assert next(numbers_for(60, 7)) == 7
    assert list(numbers_for(0, 7)) == []


def test_what_is_right_has_nothing_said_of_it() -> None:
    took, told = checked("drop table t; select (")
    assert told == ""
    assert took > 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ten_minutes() -> None:
    result = run(20261123, 600)
    assert result.problems == []
    assert result.cases > 1_000
