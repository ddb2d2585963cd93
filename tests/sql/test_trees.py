"""A file that is parsed in one call is read as if each of its statements had been parsed by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sql.test_text_from_others import SHIPPED, files_of
from zdmigrate.sql import trees
from zdmigrate.sql.cut import cut, scan_all
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.sql.script import Script

MULTI_BYTE = """-- é漢🎉
comment on table a is 'é漢'; alter table "漢" add column "é" int check ("é" > 0), alter b set default '🎉';
insert into a values ('漢', 1);"""


@pytest.fixture(autouse=True)
def _no_file_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zdmigrate.sql.script._read_short", lambda *_: None)


def one_by_one(text: str, monkeypatch: pytest.MonkeyPatch) -> Script:
    with monkeypatch.context() as patched:
        patched.setattr(trees, "AT_ONCE", 0)
        return read_script(text)


@pytest.mark.parametrize("package", SHIPPED)
def test_files_of_others_are_read_alike(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in files_of(package):
        text = path.read_bytes().decode()
        assert read_script(text) == one_by_one(text, monkeypatch), path


@pytest.mark.parametrize(
    "text",
    [
        MULTI_BYTE,
        "select 1",
        ";; select 1;; -- two\n; select 2 /* three */ ;",
        "create function f() returns int begin atomic select 1; select 2; end; drop table a;",
        "create rule r as on insert to a do also (insert into b values (1); delete from c); drop table a",
        "drop table a\n\\g\ndrop table b",
        "drop table a; drop tabel b; drop table c",
        "drop table a; select (1; drop table b",
    ],
)
def test_places_and_operations_are_alike(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_script(text) == one_by_one(text, monkeypatch)


@pytest.mark.parametrize(
    ("text", "at_once"),
    [
        (MULTI_BYTE, True),
        ("drop table a; drop tabel b", False),
        ("select " + "+".join("1" * 6000), False),
        ("select 1;" * 6000, False),
    ],
)
def test_one_call_is_for_files_without_errors_that_are_not_large(text: str, at_once: bool) -> None:
    cuts, _ = cut(scan_all(text))
    assert (trees.parse_file(text, cuts) is not None) == at_once
