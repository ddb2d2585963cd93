"""A fix changes its own words: line ends, byte order marks, comments, placeholders and the rest stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixes.cases import CASES, SHOP, Case
from tests.fixes.mending import mended

INDEX = "create index i on users (name);"
CHECK = "alter table users add constraint k check (age > 0);"
ADDED = "alter table users validate constraint k;"
LETTERS = [
    ("\ufeff" + INDEX, "\ufeffcreate index concurrently i on users (name);"),
    ("-- a\r\n\r\n" + CHECK + "\r\nselect 1;\r\n",
     f"-- a\r\n\r\n{CHECK[:-1]} not valid;\r\n{ADDED}\r\nselect 1;\r\n"),
    ("\ufeff" + CHECK, f"\ufeff{CHECK[:-1]} not valid;\n{ADDED}"),
    (CHECK[:-1], f"{CHECK[:-1]} not valid;\n{ADDED}"),
    (CHECK[:-1] + " -- positive\n", f"{CHECK[:-1]} not valid;\n{ADDED} -- positive\n"),
    (f"select 1; {CHECK} select 2;\n", f"select 1; {CHECK[:-1]} not valid;\n{ADDED} select 2;\n"),
    (f"\t{CHECK} /* one */ -- two\n\n", f"\t{CHECK[:-1]} not valid; /* one */ -- two\n\t{ADDED}\n\n"),
    (f"{CHECK} /* over\nlines */\n", f"{CHECK[:-1]} not valid;\n{ADDED} /* over\nlines */\n"),
    ("select 'naïve 😀';\n" + INDEX, "select 'naïve 😀';\ncreate index concurrently i on users (name);"),
    ("alter table ${schema}.users add constraint ${p}_k check (age > 0);\n",
     ("alter table ${schema}.users add constraint ${p}_k check (age > 0) not valid;\n"
     "alter table ${schema}.users validate constraint ${p}_k;\n")),
    ('alter table "Users" add constraint "a b" check (age > 0);\n',
     ('alter table "Users" add constraint "a b" check (age > 0) not valid;\n'
     'alter table "Users" validate constraint "a b";\n')),
    (r"\set x 1" + "\n" + INDEX + "\n", r"\set x 1" + "\ncreate index concurrently i on users (name);\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), LETTERS)
def test_all_but_the_fix_stays_letter_by_letter(before: str, after: str) -> None:
    assert mended(SHOP, before).after == after


@settings(max_examples=40, deadline=None)
@given(
    case=st.sampled_from([case for case in CASES if case.given == SHOP and not case.on]),
    above=st.sampled_from(["", "\ufeff", "-- é\n", "/* a; b */ ", "select ';';\r\n"]),
    below=st.sampled_from(["", "select 2;", "-- end", "\r\n"]),
)
def test_a_fix_is_the_same_wherever_its_statement_stands(case: Case, above: str, below: str) -> None:
    end = "\r\n" if "\r\n" in above + below else "\n"

    found = mended(SHOP, above + case.sql.replace("\n", end) + below, postgres=case.postgres)

    if not above or above.endswith("\n") or above == "\ufeff":
        assert found.after == above + case.fixed.replace("\n", end) + below
    assert found.after.startswith(above)
    assert found.after.endswith(below)
