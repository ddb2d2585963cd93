"""Every statement of the grammar is recognised by its name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from tests.sql.reading import kinds, operation, operations, statement
from tests.sql.statement_samples import NOT_A_STATEMENT, SAMPLES
from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql.grammar import parse, tokens_of
from zdmigrate.sql.lift import lift
from zdmigrate.sql.lift.source import Places, Source


def statements_of_the_grammar() -> set[str]:
    descriptor: Any = import_module("postgast.pg_query_pb2").DESCRIPTOR
    return {name for name in descriptor.message_types_by_name if name.endswith("Stmt")}


def test_every_statement_of_the_grammar_has_a_sample_or_a_reason() -> None:
    assert statements_of_the_grammar() == SAMPLES.keys() | NOT_A_STATEMENT.keys()


@pytest.mark.parametrize("node", SAMPLES)
def test_a_statement_is_recognised(node: str) -> None:
    sql, kind, expected = SAMPLES[node]
    assert list(parse(sql)["stmts"][0]["stmt"]) == [node]
    assert statement(sql).kind == kind
    assert kinds(sql) == expected.split()


@pytest.mark.parametrize("node", SAMPLES)
def test_an_unknown_one_knows_its_name_and_place_and_was_not_a_surprise(node: str) -> None:
    sql, kind, _ = SAMPLES[node]
    for found in operations(sql):
        if isinstance(found, o.Unknown):
            assert (found.statement, found.reason) == (kind, "")
            assert sql[found.span.start : found.span.end] == sql


@pytest.mark.parametrize("body", [{}, {"relation": 7}, {"relation": {"relname": "t"}, "indexParams": [{"New": {}}]}])
def test_a_tree_that_nobody_foresaw_is_unknown_and_says_why(body: dict[str, Any]) -> None:
    sql = "create index i on t (a)"
    (found,) = lift({"IndexStmt": body}, Source.scanned(sql, tokens_of(sql), Places(sql)))
    assert isinstance(found, o.Unknown)
    assert found.statement == "create_index"
    assert "not foreseen" in found.reason


def test_a_statement_of_a_later_grammar_is_unknown_by_name() -> None:
    (found,) = lift({"CreatePropertyGraphStmt": {}}, Source.scanned("x", tokens_of("x"), Places("x")))
    assert isinstance(found, o.Unknown)
    assert found.statement == "create_property_graph"


def test_create_schema_holds_what_is_created_in_it() -> None:
    schema, table, view = operations("create schema s create table t (a int) create view public.v as select 1")
    assert (schema.kind, table.kind, view.kind) == ("create_object", "create_table", "create_view")
    assert (table.relation, view.relation) == (Name("s", "t"), Name("public", "v"))


def test_explain_analyze_does_what_it_explains() -> None:
    assert kinds("explain (analyze, verbose) delete from t") == ["delete"]
    assert kinds("explain (analyze off) delete from t") == ["session_command"]


def test_drop_has_an_operation_a_name() -> None:
    first, second = operations("drop index concurrently if exists i, s.j cascade")
    assert isinstance(first, o.DropIndex)
    assert isinstance(second, o.DropIndex)
    assert (first.relation, second.relation) == (Name(None, "i"), Name("s", "j"))
    assert first.concurrently
    assert first.if_exists
    assert second.cascade


def test_what_hangs_on_a_table_knows_its_table() -> None:
    found = operation("drop trigger if exists a on s.t cascade", o.DropTrigger)
    assert (found.relation, found.name, found.if_exists, found.cascade) == (Name("s", "t"), "a", True, True)
    renamed = operation("alter trigger a on s.t rename to b", o.RenameObject)
    assert (renamed.relation, renamed.name, renamed.new_name) == (Name("s", "t"), Name(None, "a"), "b")
    comment = operation("comment on column s.t.a is 'x'", o.CommentOn)
    assert (comment.relation, comment.object_type) == (Name("s", "t"), "column")


def test_a_trigger_tells_when_it_fires() -> None:
    sql = "create trigger a instead of insert or update of x, y on s.v for each row execute function f.g()"
    found = operation(sql, o.CreateTrigger)
    assert (found.timing, found.events, found.columns) == ("instead of", ("insert", "update"), ("x", "y"))
    assert (found.relation, found.function, found.for_each_row) == (Name("s", "v"), Name("f", "g"), True)


def test_a_function_tells_its_language_volatility_and_body() -> None:
    sql = "create or replace function s.f() returns trigger language PLPGSQL stable as $$ begin end $$"
    found = operation(sql, o.CreateFunction)
    assert (found.name, found.language, found.volatility) == (Name("s", "f"), "plpgsql", "stable")
    assert (found.replace, found.returns_trigger, found.body) == (True, True, " begin end ")
    atomic = operation("create procedure p() begin atomic select 1; select 2; end", o.CreateFunction)
    assert (atomic.procedure, atomic.body) == (True, None)


def test_grants_have_an_operation_a_relation() -> None:
    first, second = operations("grant select (a), insert on s.t, u to r")
    assert isinstance(first, o.Grant)
    assert (first.relation, first.privileges) == (Name("s", "t"), ("select", "insert"))
    assert second.relation == Name(None, "u")
    assert operation("revoke all on all tables in schema s from r", o.Revoke).relation is None


def test_transactions_and_savepoints() -> None:
    sql = "begin; start transaction; savepoint a; release a; rollback to a; commit; end; abort; commit prepared 'x'"
    expected = (
        "begin begin savepoint release_savepoint rollback_to_savepoint commit commit rollback prepare_transaction"
    )
    found = [kind for text in sql.split(";") for kind in kinds(text)]
    assert found == expected.split()
    assert kinds("commit and chain") == ["commit", "begin"]


@pytest.mark.parametrize(
    ("sql", "name", "value", "local"),
    [
        ("set lock_timeout = '2s'", "lock_timeout", "2s", False),
        ("set local Statement_Timeout to 100", "statement_timeout", "100", True),
        ("set lock_timeout to default", "lock_timeout", None, False),
        ('set search_path to a, "B"', "search_path", 'a, "B"', False),
        ("reset all", "all", None, False),
        ("reset lock_timeout", "lock_timeout", None, False),
        ("set role x", "role", "x", False),
        ("set time zone 'UTC'", "timezone", "UTC", False),
        ("set time zone interval '1' hour", "timezone", "1", False),
        ("set transaction isolation level serializable", "transaction_isolation", "serializable", True),
        ("set session characteristics as transaction read only", "default_transaction_read_only", "1", False),
        ("select set_config('lock_timeout', '2s', true)", "lock_timeout", "2s", True),
        ("select pg_catalog.set_config('search_path', '', false)", "search_path", "", False),
    ],
)
def test_settings(sql: str, name: str, value: str | None, local: bool) -> None:
    found = operation(sql, o.SetVariable)
    assert (found.name, found.value, found.local) == (name, value, local)


def test_set_config_of_something_computed_is_a_query() -> None:
    assert kinds("select set_config('a.b', x, false) from t") == ["select"]
    assert kinds("select set_config('a.b', 'c', false), f()") == ["select"]
