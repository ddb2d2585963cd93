"""What lint calls an error, rewrite mends or refuses with what to do: every rule's examples, every operation."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.recipes.test_registry import KINDS
from tests.run.command import zdmigrate
from zdmigrate.lint.rules import read_rules
from zdmigrate.recipes.parts.registry import recipe_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Surrounds what changes something, and is left out: phases have transactions of their own, and the runner timeouts.
AROUND = {"operation", "begin", "commit", "set_variable", "convert_columns"}
# What only a person can say, by rule: with it, the example is rewritten.
_NAMES = "--as id=id_8 --as title=name --as pages=p --as price=cost"
_ALLOWED = "--fallback id=0 --fallback pages=0 --allow 'twin-unique-upsert=nobody upserts'"
ASKED = {
    "add-required-column": ("--fill country=", "--fill 'NL'"),
    "change-column-type-rewrite": ("NEWNAME", f"{_NAMES} --up title=title::text --fallback 0 {_ALLOWED}"),
    "rename-enum-value": ("--as mood=NEWNAME", "--as feeling"),
}
# No change of phases does it without harm; what stands there is what the refusal has to say, for each example.
REFUSED = {
    "add-exclusion-constraint": {0: "the least bad"},
    "alter-domain-add-constraint": {1: "a CHECK of each table"},
    "alter-domain-set-not-null": {0: "ALTER COLUMN ... SET NOT NULL"},
    "alter-identity": {1: "START WITH"},
    "backfill-not-repeatable": {0: "let WHERE tell", 1: "let WHERE tell", 2: "ON CONFLICT (book_id) DO NOTHING"},
    "cluster": {0: "pg_repack"},
    "concurrently-in-transaction": {1: "leave it to autovacuum", 2: "write the statements that it runs"},
    "disable-trigger": {0: "name the one that has to go"},
    "duplicate-column-assignment": {0: "keep one of the two", 1: "keep one of the two"},
    "lock-table": {0: "leave it out"},
    "set-access-method": {0: "pg_repack"},
    "set-expression": {0: "a second column"},
    "set-logged-unlogged": {0: "leave it logged", 1: "make a logged table"},
    "set-tablespace": {0: "pg_repack --tablespace"},
    "syntax-error": {0: "zdmigrate lint"},
    "truncate": {0: "DELETE FROM"},
    "truncate-cascade": {0: "DELETE FROM"},
    "unbatched-backfill": {2: "UPDATE books SET ... FROM prices"},
    "vacuum-full": {0: "pg_repack"},
}


class Bad(NamedTuple):
    rule: str
    number: int
    given: str
    bad: str

    @property
    def refused(self) -> str:
        return REFUSED.get(self.rule, {}).get(self.number, "")


def _bad() -> Iterator[Bad]:
    for rule in read_rules():
        if rule.severity == "error":
            for number, example in enumerate(rule.examples):
                yield Bad(rule.name, number, example.given, example.bad)


EVERY = list(_bad())


def rewritten(folder: Path, bad: Bad, *options: str) -> tuple[int, str]:
    folder.joinpath("001_given.sql").write_text(bad.given)
    file = folder / "002_bad.sql"
    file.write_text(bad.bad)
    printed = zdmigrate("rewrite", str(file), "--in-place", "--dir", str(folder), *options)
    return printed.code, printed.text


@pytest.mark.parametrize("bad", EVERY, ids=[f"{each.rule} {each.number}" for each in EVERY])
def test_what_is_an_error_becomes_a_clean_change_or_is_refused_with_what_to_do(tmp_path: Path, bad: Bad) -> None:
    code, told = rewritten(tmp_path, bad)
    if bad.rule in ASKED:
        assert code == 2
        question, answer = ASKED[bad.rule]
        assert question in told
        code, told = rewritten(tmp_path, bad, *shlex.split(answer))
    if bad.refused:
        assert code == 2
        assert "002_bad.sql:" in told
        assert bad.refused in told.partition("next: ")[2], told
        return
    assert code == 0, told
    clean = zdmigrate("lint", str(tmp_path / "002_bad.sql"), "--fail-on", "warning", "--dir", str(tmp_path))
    assert clean.code == 0, clean.text


@pytest.mark.parametrize("kind", sorted(KINDS - AROUND))
def test_every_operation_is_rewritten_or_refused_with_its_own_reason(kind: str) -> None:
    assert recipe_of(kind) is not None
