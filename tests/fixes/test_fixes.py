"""Every fix: what it writes, that its rule is found no more, and that a server ends with the same schema."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.fixes.cases import CASES, SHOP, Case
from tests.fixes.mending import mended, rules_found
from tests.stories.picture import schema_of
from zdmigrate.lint.fix import fixable_rules
from zdmigrate.lint.same_schema import is_same_schema
from zdmigrate.schema.catalog import Catalog
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from tests.servers.database import Database, RunningServer

every_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{case.sql[:60]!r}" for case in CASES])


def test_every_fix_has_a_case_and_the_name_of_a_rule() -> None:
    assert {case.rule for case in CASES} == fixable_rules()


@every_case
def test_a_fix_writes_what_is_written_here_and_nothing_more(case: Case) -> None:
    found = mended(case.given, case.sql, postgres=case.postgres, on=case.on)

    assert found.after == case.fixed
    assert case.rule in {finding.rule for finding in found.done}


@every_case
def test_after_a_fix_its_rule_is_found_no_more_and_nothing_is_left_to_do(case: Case) -> None:
    assert case.rule in rules_found(case.given, case.sql, postgres=case.postgres, on=case.on)
    assert case.rule not in rules_found(case.given, case.fixed, postgres=case.postgres, on=case.on)
    assert mended(case.given, case.fixed, postgres=case.postgres, on=case.on).after == case.fixed


@pytest.mark.matrix
@every_case
def test_a_fix_leads_a_server_to_the_same_schema(case: Case, any_server: RunningServer, any_database: Database) -> None:
    if any_server.major < case.postgres:
        return
    with any_server.database() as beside:
        naive, fixed = ran(any_database, case.given, case.sql), ran(beside, case.given, case.fixed)

    unequal = Counter(naive) - Counter(fixed) + (Counter(fixed) - Counter(naive))
    assert [line for line in unequal if not any(listed in line for listed in case.differs)] == []
    assert all(any(listed in line for line in unequal) for listed in case.differs)


def ran(database: Database, *scripts: str) -> list[str]:
    """The lines of the schema after scripts, each statement sent by itself as psql would."""
    with database.connect() as connection:
        for script in scripts:
            for statement in read_script(script).statements:
                connection.execute(statement.text)
        return schema_of(connection).splitlines()


# --------------------------------------------------------------------------- what the proof is worth


def schema_after(sql: str) -> Catalog:
    catalog = Catalog()
    for statement in read_script(SHOP + sql).statements:
        for operation in statement.operations:
            catalog = catalog.after(operation)
    return catalog


@pytest.mark.parametrize(
    "other",
    [
        "alter table users alter name set not null;",
        "alter table users add constraint k check (age > 0) not valid;",
        "alter table users drop column name;",
        "drop index notes_c_idx;",
        "create table more (id bigint);",
        "create view v as select 1;",
    ],
)
def test_a_text_that_leads_elsewhere_is_no_fix(other: str) -> None:
    assert is_same_schema(schema_after(""), schema_after("select 1;"))
    assert not is_same_schema(schema_after(""), schema_after(other))
