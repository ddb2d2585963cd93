"""How code writes the names of tables and columns."""

from __future__ import annotations

import pytest

from zdmigrate.usage.models import in_app, words_of
from zdmigrate.usage.names import plural, singulars, spellings


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("users", "user"),
        ("order_items", "order_item"),
        ("categories", "category"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("people", "person"),
        ("children", "child"),
        ("houses", "house"),
        ("movies", "movie"),
        ("days", "day"),
    ],
)
def test_a_tables_name_and_a_rows(many: str, one: str) -> None:
    assert one in singulars(many)
    assert one in singulars(one)


@pytest.mark.parametrize("name", ["status", "news", "address", "analysis", "user_status", "bus", "s", "series"])
def test_what_only_looks_like_several(name: str) -> None:
    assert singulars(name) == (name,)


def test_no_other_word_comes_out_of_it() -> None:
    assert singulars("notes") == ("note",)


def test_several_of_a_row() -> None:
    assert [plural(one) for one in ("user", "category", "day", "box")] == ["users", "categories", "days", "boxes"]


def test_a_model_is_called_after_its_table_whether_that_has_a_plural_or_not() -> None:
    for table in ("order_items", "order_item"):
        assert words_of(table).classes == {"OrderItem", "OrderItems", "ORDER_ITEM", "ORDER_ITEMS"}
    assert words_of("order_items").variables == {"order_item", "orderItem", "order_items", "orderItems"}


def test_djangos_tables_begin_with_the_name_of_their_app() -> None:
    words = words_of("shop_order")

    assert "Order" in in_app(words, "src/shop/models.py").classes
    assert "Order" not in in_app(words, "src/billing/models.py").classes


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.py", {"full_name", "FULL_NAME"}),
        ("a.ts", {"full_name", "FULL_NAME", "fullName"}),
        ("a.go", {"full_name", "FULL_NAME", "fullName", "FullName"}),
    ],
)
def test_a_column_is_spelled_as_the_language_has_it(path: str, expected: set[str]) -> None:
    assert spellings("full_name", path) == expected
