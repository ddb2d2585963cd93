"""What cannot be carried is refused before anything is written, by its name, and with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.cases import FURNITURE
from tests.run.command import zdmigrate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

RENAME = "ALTER TABLE books RENAME title TO name;"
REMARK = "ALTER TABLE books RENAME note TO remark;"
SPLIT = "ALTER TABLE books ADD a text; UPDATE books SET a = {}; ALTER TABLE books DROP note;"
NUMBERED = "ALTER TABLE bare ALTER id DROP DEFAULT, ALTER id ADD GENERATED ALWAYS AS IDENTITY;"
PARTITIONED = (
    "CREATE TABLE logs (day date, note text) PARTITION BY RANGE ((day + 1));"
    "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
)
REFUSED = {
    "an EXCLUDE": ("ALTER TABLE books ADD CONSTRAINT one EXCLUDE (note WITH =);", REMARK, "one is an EXCLUDE"),
    "a generated column": (
        "ALTER TABLE books ADD COLUMN short text GENERATED ALWAYS AS (left(title, 3)) STORED;",
        RENAME,
        "short is generated from",
    ),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW m AS SELECT note FROM books;",
        REMARK,
        "materialized view public.m",
    ),
    "a trigger of the column": (
        "CREATE TRIGGER watch BEFORE UPDATE OF note ON books FOR EACH ROW EXECUTE FUNCTION f();",
        REMARK,
        "trigger watch names public.books.note",
    ),
    "a child by inheritance": ("CREATE TABLE rare () INHERITS (books);", RENAME, "triggers are not"),
    "a partition key": (
        PARTITIONED,
        "ALTER TABLE logs RENAME day TO date;",
        "the partition key of public.logs names day",
    ),
    "a partition's own index": (
        f"{PARTITIONED} CREATE INDEX own ON logs_1 (note);",
        "ALTER TABLE logs RENAME note TO remark;",
        "index own is the partition public.logs_1's own",
    ),
    "a partition's own default": (
        f"{PARTITIONED} ALTER TABLE logs_1 ALTER note SET DEFAULT 'x';",
        "ALTER TABLE logs RENAME note TO remark;",
        "NOT NULL or a default of note is the partition public.logs_1's own",
    ),
    "a body that PostgreSQL reads": (
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(note) FROM books; END;",
        REMARK,
        "function f names public.books.note",
    ),
    "another table's policy": (
        "CREATE POLICY p ON loans USING (isbn IN (SELECT note FROM books));",
        REMARK,
        "policy p of public.loans names public.books.note",
    ),
    "a publication": ("CREATE PUBLICATION p FOR TABLE books (id, note);", REMARK, "the publication p names"),
    "a name that is taken": ("", "ALTER TABLE books RENAME title TO note;", "has a column note already"),
    "a column that is not there": ("", "ALTER TABLE books RENAME titel TO name;", "did you mean title?"),
    "a table that nobody made": ("", "ALTER TABLE films RENAME title TO name;", "nothing says how films was made"),
    "a type without a name": ("", "ALTER TABLE books ALTER sold TYPE bigint;", "--as sold=NEWNAME"),
    "an index made above": ("", f"CREATE INDEX early ON books (title);{RENAME}", "index early is made above"),
    "a required column": ("", "ALTER TABLE books ADD COLUMN state text NOT NULL;", "--fill state=VALUE"),
    "a split without a way back": ("", SPLIT.format("split_part(note, ' ', 1)"), "--down 'note=EXPRESSION over a'"),
    "a merge with what stays": ("", SPLIT.format("note || title"), "filled from title, which the file does not drop"),
    "a split by a subquery": ("", SPLIT.format("(SELECT note)"), "filled by a subquery"),
    "a split by chance": ("", SPLIT.format("note || random()"), "another value each time"),
    "a split of some rows": ("", SPLIT.format("note WHERE title > ''"), "the WHERE of the UPDATE names title"),
    "a unique column": ("", "ALTER TABLE books RENAME isbn TO code;", "--allow 'twin-unique-upsert=WHY'"),
    "a table with policies, below 15": ("", "ALTER TABLE books RENAME TO volumes;", "a view reads past them"),
    "VACUUM FULL": ("", "VACUUM FULL books;", "pg_repack"),
    "an EXCLUDE to come": ("", "ALTER TABLE books ADD EXCLUDE (title WITH =);", "the least bad"),
    "setval by itself": ("", "SELECT setval('visits_id_seq', 5);", "run it by hand, with a number behind them all"),
    "an identity that begins among the numbers": (
        "",
        "ALTER TABLE visits ALTER id DROP DEFAULT, ALTER id ADD GENERATED ALWAYS AS IDENTITY;",
        "behind it SELECT setval('visits_id_seq1', (SELECT max(id) FROM visits))",
    ),
    "the largest number without an index": (
        "CREATE TABLE bare (id serial);",
        f"{NUMBERED} SELECT setval('bare_id_seq1', max(id)) FROM bare;",
        "no index of public.bare begins with id",
    ),
    "rows that nothing tells apart": (
        "",
        "INSERT INTO visits (member) SELECT id FROM members ON CONFLICT DO NOTHING;",
        "no unique key of public.visits is among what this INSERT gives",
    ),
    "rows that a key tells apart": (
        "",
        "INSERT INTO books (id, title) SELECT id, name FROM members;",
        "end it with ON CONFLICT (id) DO NOTHING",
    ),
    "a MERGE": (
        "",
        "MERGE INTO books USING members ON members.id = books.id WHEN MATCHED THEN UPDATE SET title = members.name;",
        "UPDATE books SET ... FROM members WHERE",
    ),
    "a type that nobody made": ("", "ALTER TABLE books ADD m thing;", "of which nothing says what it forbids"),
    "a domain that was changed since": (
        "CREATE DOMAIN few AS integer CHECK (VALUE < 9); ALTER DOMAIN few SET DEFAULT 3;",
        "ALTER TABLE books ADD m few;",
        "name the database with --dsn",
    ),
    "a copy of a domain's column": (
        "CREATE DOMAIN few AS integer CHECK (VALUE < 9); ALTER TABLE loans ADD m few;",
        "ALTER TABLE loans RENAME m TO n;",
        "loans.n would be of few, a domain with a constraint",
    ),
    "a stored column of a parent": (
        "CREATE TABLE rare () INHERITS (books);",
        "ALTER TABLE books ADD s text GENERATED ALWAYS AS (left(title, 3)) STORED;",
        "the trigger that computes it is not",
    ),
    "a stored column of a row's place": (
        "",
        "ALTER TABLE books ADD s oid GENERATED ALWAYS AS (tableoid) STORED;",
        "which a row has not got before it is written",
    ),
}


def rewritten(folder: Path, furniture: str, naive: str, *options: str) -> tuple[int, str, str]:
    (folder / "001_furniture.sql").write_text(f"{FURNITURE}\n{furniture}")
    file = folder / "002_naive.sql"
    file.write_text(naive)
    printed = zdmigrate("rewrite", str(file), "--in-place", "--dir", str(folder), *options)
    return printed.code, printed.text, file.read_text()


@pytest.mark.parametrize(("furniture", "naive", "told"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_its_name(tmp_path: Path, furniture: str, naive: str, told: str) -> None:
    code, text, left = rewritten(tmp_path, furniture, naive)
    assert code == 2
    assert told in text
    assert "002_naive.sql:1: " in text
    assert left == naive, "nothing was written"


def test_a_type_whose_values_the_old_one_cannot_hold_asks_for_a_fallback(tmp_path: Path) -> None:
    code, text, _ = rewritten(tmp_path, "", "ALTER TABLE books ALTER sold TYPE bigint;", "--as", "sold_ever")
    assert code == 2
    assert "--fallback sold=VALUE" in text


def test_a_drop_that_leaves_null_says_at_its_head_what_a_revert_needs(tmp_path: Path) -> None:
    schema, drop = "CREATE TABLE bare (id int, name text NOT NULL);", "ALTER TABLE bare DROP COLUMN name;"
    code, text, left = rewritten(tmp_path, schema, drop)
    assert code == 0, text
    told = " ".join(left.replace("\n--", "").split())
    mended = "UPDATE bare SET name = VALUE WHERE name IS NULL"
    assert f"a revert stops at them until they have a value: {mended}" in told
    assert f"Where it stops at a row that has NULL: {mended}, and then revert again." in told
    code, _, left = rewritten(tmp_path, schema, drop, "--fill", "'x'")
    assert code == 0
    assert "revert stops" not in left


def test_a_fallback_beside_an_expression_of_ones_own_would_do_nothing(tmp_path: Path) -> None:
    options = ("--as", "sold_ever", "--down", "sold_ever", "--fallback", "0")
    code, text, _ = rewritten(tmp_path, "", "ALTER TABLE books ALTER sold TYPE bigint;", *options)
    assert code == 2
    assert "--fallback does nothing beside --down" in text


def test_a_cast_that_a_setting_changes_is_asked_for(tmp_path: Path) -> None:
    code, text, _ = rewritten(tmp_path, "", "ALTER TABLE loans ALTER since TYPE text;", "--as", "since_text")
    assert code == 2
    assert "--up 'since=EXPRESSION over since'" in text


def test_the_configuration_names_a_column_of_another_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_REWRITE_NEW_NAME", "{column}_{type}")
    naive = "ALTER TABLE books ALTER sold TYPE numeric(12, 2), ALTER copies TYPE bigint;"
    options = ("--as", "copies=pieces", "--fallback", "0")
    code, text, left = rewritten(tmp_path, "", naive, *options)
    assert code == 0, text
    assert "ADD COLUMN sold_numeric_12_2 numeric(12, 2)" in left
    assert "ADD COLUMN pieces bigint" in left
    monkeypatch.setenv("ZDMIGRATE_REWRITE_NEW_NAME", "{column}")
    code, text, _ = rewritten(tmp_path, "", naive, *options)
    assert code == 2
    assert "is not a name with {column}" in text


def test_the_database_tells_a_trigger_whose_function_names_the_column(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        connection.execute(FURNITURE.encode())
        connection.execute(
            "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.title := trim(NEW.title); RETURN NEW; END $$;"
            "CREATE TRIGGER tidy BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION tidy()"
        )
    code, text, _ = rewritten(tmp_path, "", RENAME, "--dsn", database.dsn)
    assert code == 2
    assert "the function of trigger tidy names public.books.title" in text
