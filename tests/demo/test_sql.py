"""The SQL that the demo ships is the SQL that the story tests run."""

from __future__ import annotations

from pathlib import Path

import pytest

from zdmigrate.demo.shop import text_of

FIXTURE = Path(__file__).parents[2] / "fixtures" / "rename_column"


@pytest.mark.parametrize(
    ("shipped", "tested"),
    [
        ("shop.sql", "schema.sql"),
        ("naive.sql", "naive.sql"),
        ("full_name.sql", "migrations/001_full_name.sql"),
    ],
)
def test_both_copies_are_the_same(shipped: str, tested: str) -> None:
    assert text_of(shipped) == (FIXTURE / tested).read_text()


@pytest.mark.parametrize("name", ["shop.sql", "naive.sql", "full_name.sql"])
def test_what_is_shown_fits_into_80_columns(name: str) -> None:
    assert max(map(len, text_of(name).splitlines())) <= 80
