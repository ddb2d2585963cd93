"""Change files: what their comments say, where sections begin and end, and what is refused with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.errors import InputError
from zdmigrate.sources.change import read_change
from zdmigrate.sources.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from zdmigrate.sources.change import Change

PHASED = """-- zdmigrate: expand
ALTER TABLE users ADD COLUMN full_name text;
-- zdmigrate: backfill optional batch=20000
UPDATE users SET full_name = name;
-- zdmigrate: expand
CREATE INDEX CONCURRENTLY users_full_name_idx ON users (full_name);
\\quit
-- zdmigrate: contract needs billing 7.2 needs search 2024-05
BEGIN;
ALTER TABLE users DROP COLUMN name;
COMMIT;
-- zdmigrate: revert
ALTER TABLE users DROP COLUMN full_name;
"""


def read(text: str, path: str = "m/007_x.sql") -> Change:
    return read_change(path, text)


def refusal(text: str, path: str = "m/007_x.sql") -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read(text, path)
    return caught.value.sentence, caught.value.hint


def test_sections_hold_the_statements_up_to_the_next_marker() -> None:
    change = read(PHASED)
    assert change.marked
    assert [(section.name, section.ordinal, len(section.statements)) for section in change.sections] == [
        ("expand", 0, 1),
        ("backfill", 1, 1),
        ("expand", 2, 1),
        ("contract", 3, 3),
        ("revert", 4, 1),
    ]


def test_options_stand_after_the_marker() -> None:
    sections = read(PHASED).sections
    assert sections[1].options == {"optional": "true", "batch": "20000"}
    assert sections[3].needs == (("billing", "7.2"), ("search", "2024-05"))


def test_a_file_without_markers_is_one_section_without_a_name() -> None:
    change = read("SELECT 1; SELECT 2;")
    assert not change.marked
    assert [(section.name, len(section.statements)) for section in change.sections] == [("", 2)]


def test_a_section_may_be_empty() -> None:
    assert [
        len(section.statements) for section in read("-- zdmigrate: expand\nSELECT 1;\n-- zdmigrate: contract").sections
    ] == [1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "-- zdmigrate: contract\nDROP TABLE t;",
        "-- zdmigrate: backfill\nUPDATE t SET a = 1;\n-- zdmigrate: expand\nSELECT 1;",
        "/* zdmigrate: expand */ SELECT 1;",
        "--zdmigrate:expand\r\nSELECT 1;\r\n",
        "\ufeff-- zdmigrate: expand\nSELECT 1;",
    ],
)
def test_these_are_marked(text: str) -> None:
    assert read(text).marked


@pytest.mark.parametrize("text", ["-- zdmigrate runs this file\nSELECT 1;", "SELECT '-- zdmigrate: expand';"])
def test_these_are_not_marked(text: str) -> None:
    assert not read(text).marked


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("", "1: no statement in this file", "write one, or delete the file"),
        ("-- only words\n", "1: no statement in this file", "write one, or delete the file"),
        ("SELECT 1;\n-- zdmigrate: exapnd", "2: unknown marker exapnd", "did you mean expand?"),
        ("-- zdmigrate:\nSELECT 1;", "1: a marker without a word", "known are allow, allow-file"),
        ("-- zdmigrate expand\nSELECT 1;", "1: a marker begins with zdmigrate:", "write -- zdmigrate: expand …"),
        ("-- ZDMIGRATE: Contract\nSELECT 1;", "1: a marker begins with zdmigrate:", "write -- zdmigrate: contract …"),
        (
            "\nSELECT 1;\n-- zdmigrate: expand\nSELECT 2;",
            "2: a statement before the first marker (line 3)",
            "write -- zdmigrate: expand above it",
        ),
        (
            "-- zdmigrate: contract\nSELECT 1;\n-- zdmigrate: expand\nSELECT 2;",
            "3: expand after contract (line 1)",
            "order the sections",
        ),
        (
            "-- zdmigrate: revert\nSELECT 1;\n-- zdmigrate: contract\nSELECT 2;",
            "3: contract after revert (line 1)",
            "order the sections",
        ),
        (
            "-- zdmigrate: contract\nSELECT 1;\n-- zdmigrate: contract\nSELECT 2;",
            "3: a second contract; the first is in line 1",
            "join them",
        ),
        ("SELECT 1\n-- zdmigrate: expand\n, 2;", "1: a statement before the first marker (line 2)", "write"),
        (
            "-- zdmigrate: expand\nSELECT 1\n-- zdmigrate: contract\n, 2;",
            "3: a marker inside a statement (line 2)",
            "end the statement with ;",
        ),
        ("-- zdmigrate: backfill bach=5\nSELECT 1;", "1: backfill has no option bach=5", "did you mean batch?"),
        ("-- zdmigrate: backfill batch=many\nSELECT 1;", "1: option batch cannot be many", "write batch=20000"),
        ("-- zdmigrate: backfill batch=0\nSELECT 1;", "1: option batch cannot be 0", "write batch=20000"),
        ("-- zdmigrate: backfill optional=no\nSELECT 1;", "1: option optional cannot be no", "write optional"),
        (
            "-- zdmigrate: expand adds a column\nSELECT 1;",
            "1: expand has no option adds",
            "put remarks into a comment of their own",
        ),
        ("-- zdmigrate: contract needs billing\nSELECT 1;", "1: needs wants an app and a version", "needs billing 7.2"),
    ],
)
def test_this_is_refused_with_its_line_and_a_way_out(text: str, sentence: str, hint: str) -> None:
    told = refusal(text)
    assert told[0] == f"m/007_x.sql:{sentence}"
    assert hint in told[1]


def test_a_contract_in_a_file_of_its_own_needs_no_marker() -> None:
    change = read("DROP TABLE t;", "m/007_x.contract.sql")
    assert (change.id, change.part, change.sections[0].name) == ("007_x", "contract", "contract")


def test_another_section_in_a_contracts_own_file_is_refused() -> None:
    sentence, _ = refusal("-- zdmigrate: expand\nSELECT 1;", "m/007_x.contract.sql")
    assert sentence == "m/007_x.contract.sql:1: expand in a file whose name says contract"


def test_allows_carry_their_rule_their_reason_and_their_reach() -> None:
    allows = read(
        "-- zdmigrate: allow drop-column because billing is retired\n"
        "ALTER TABLE t DROP COLUMN a; -- zdmigrate: allow drop-column\n"
        "-- zdmigrate: allow-file truncate because it is scratch\n"
    ).allows
    assert [(allow.rule, allow.reason, allow.whole_file) for allow in allows] == [
        ("drop-column", "billing is retired", False),
        ("drop-column", "", False),
        ("truncate", "it is scratch", True),
    ]


def test_a_checksum_is_over_tokens_and_sees_no_comment_or_white_space() -> None:
    one = read("-- zdmigrate: expand\nALTER TABLE t ADD a int;").sections[0].checksum
    assert len(one) == 64
    assert read("-- zdmigrate: expand\n-- why\nALTER  TABLE t /* so */\n ADD a int").sections[0].checksum == one
    assert read("-- zdmigrate: expand\nALTER TABLE t ADD b int;").sections[0].checksum != one
    assert (
        read("-- zdmigrate: expand\nSELECT 'a'").sections[0].checksum
        != read("-- zdmigrate: expand\nSELECT 'A'").sections[0].checksum
    )


def test_a_section_changed_later_leaves_the_checksums_of_the_others() -> None:
    before, after = read(PHASED).sections, read(PHASED.replace("DROP COLUMN name", "DROP COLUMN nick")).sections
    assert [a.checksum == b.checksum for a, b in zip(before, after, strict=True)] == [True, True, True, False, True]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"SELECT 1;\nSELECT '\xe4';", "2: not UTF-8 (invalid continuation byte)"),
        ("SELECT 1;".encode("utf-16"), "1: not UTF-8 (invalid start byte)"),
        (b"SELECT 1;\n\nDROP\0 TABLE t;", "3: holds a NUL byte"),
    ],
)
def test_a_file_that_is_not_text_is_refused_where_it_stops_being_one(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "001.sql"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_change(path)
    assert caught.value.sentence == f"{path}:{told}"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.sql: there is no such file or folder"):
        read_text(str(tmp_path / "absent.sql"))
    with pytest.raises(InputError, match=r"cannot be read: Is a directory"):
        read_text(str(tmp_path))
