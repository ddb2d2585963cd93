"""``[[guard]]`` tables as they may be written, and every way to write them wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.config import Guard, load
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def guards(folder: Path, text: str) -> tuple[Guard, ...]:
    (folder / "zdmigrate.toml").write_text(text)
    return load(folder).guards


def test_error_rate_and_p99_have_their_usual_thresholds(tmp_path: Path) -> None:
    found = guards(
        tmp_path,
        '[[guard]]\nname = "errors"\nmeasures = "error_rate"\nprometheus = "http://p:9090"\nquery = "sum(x)"\n'
        '[[guard]]\nname = "slow"\nmeasures = "p99"\ncommand = ["./p99", "--json"]\nevery = "10s"\n'
        '[[guard]]\nname = "orders"\nmeasures = "business"\ncommand = ["orders"]\n'
        '[[guard]]\nname = "own"\ncommand = ["queue"]\nmax = 100\nmax_ratio = 3\n',
    )
    assert found == (
        Guard(name="errors", prometheus="http://p:9090", query="sum(x)", max=0.01),
        Guard(name="slow", command=("./p99", "--json"), max_ratio=2.0, every=Duration(10_000)),
        Guard(name="orders", command=("orders",), min_ratio=0.5),
        Guard(name="own", command=("queue",), max=100.0, max_ratio=3.0),
    )


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('command = ["x"]\nmax = 1', "each needs a name"),
        ('name = "a"\ncommand = ["x"]', "a: has no threshold"),
        ('name = "a"\nmax = 1', "a: measures by a command, or by prometheus and query"),
        ('name = "a"\nmax = 1\nprometheus = "http://p"', "a: measures by a command, or by prometheus and query"),
        ('name = "a"\nmax = 1\nprometheus = "ftp://p"\nquery = "x"', "a: prometheus is no URL of http or https"),
        ('name = "a"\nmax = "1"\ncommand = ["x"]', "a: max must be a number"),
        ('name = "a"\nmax = 1\ncommand = "x | y"', "a: command must be a list of words"),
        ('name = "a"\nmax = 1\ncommand = ["x"]\nevery = "often"', "a: every: 'often' is not a number with one of"),
        (
            'name = "a"\nmeasures = "p95"\ncommand = ["x"]',
            "a: measures is one of error_rate, p50, p99, business",
        ),
        ('name = "a"\nmax = 1\ncommand = ["x"]\nmaximum = 2', "a: unknown key maximum"),
    ],
)
def test_a_table_that_guards_nothing_is_refused(table: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why.replace("|", r"\|")):
        guards(tmp_path, f"[[guard]]\n{table}\n")


def test_two_guards_of_one_name_are_refused(tmp_path: Path) -> None:
    one = '[[guard]]\nname = "a"\nmax = 1\ncommand = ["x"]\n'
    with pytest.raises(ConfigError, match=r"two .* tables have the same name"):
        guards(tmp_path, one + one)
