"""Every action of ALTER TABLE is an operation, at its own place."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from tests.sql.alter_table_samples import NOT_WRITTEN, SAMPLES, UNKNOWN
from tests.sql.reading import clauses, kinds, operation, operations
from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Name
from zdmigrate.sql.grammar import parse


def subcommands_of_the_grammar() -> set[str]:
    descriptor: Any = import_module("postgast.pg_query_pb2").DESCRIPTOR
    return {value.name for value in descriptor.enum_types_by_name["AlterTableType"].values if value.number}


def test_every_subcommand_of_the_grammar_has_a_sample_or_a_reason() -> None:
    assert subcommands_of_the_grammar() == SAMPLES.keys() | UNKNOWN.keys() | NOT_WRITTEN


@pytest.mark.parametrize("subcommand", SAMPLES)
def test_a_subcommand_becomes_its_operation(subcommand: str) -> None:
    sql, kind = SAMPLES[subcommand]
    tree = parse(sql)["stmts"][0]["stmt"]["AlterTableStmt"]
    assert [node["AlterTableCmd"]["subtype"] for node in tree["cmds"]] == [subcommand]
    assert kinds(sql) == [kind]
    assert operations(sql)[0].relation == Name(None, "t")


def test_all_subcommands_in_one_statement_keep_their_places() -> None:
    actions = [
        sql.removeprefix("alter table t ")
        for sql, kind in SAMPLES.values()
        if sql.startswith("alter table t ") and "partition" not in kind
    ]
    text = "alter table t " + ", ".join(actions) + ";"
    assert clauses(text) == actions


def test_what_does_nothing_any_more_is_unknown_by_name() -> None:
    found = operation("alter table t set without oids", o.Unknown)
    assert found.statement == "alter_table drop_oids"


def test_attributes_of_a_type_are_no_columns_of_a_table() -> None:
    found = operations("alter type t add attribute a int, drop attribute b")
    assert [each.statement for each in found if isinstance(each, o.Unknown)] == [
        "alter_type add_attribute",
        "alter_type drop_attribute",
    ]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("alter view v alter a set default 1", "set_default"),
        ("alter view v owner to x", "change_owner"),
        ("alter index i set (fillfactor = 70)", "set_table_options"),
        ("alter index i attach partition p", "attach_index_partition"),
        ("alter index i alter column 1 set statistics 5", "set_statistics"),
        ("alter sequence s set logged", "set_logged"),
        ("alter materialized view m cluster on i", "cluster_on"),
        ("alter foreign table f add column a int", "add_column"),
    ],
)
def test_the_kin_of_alter_table_give_the_same_operations(sql: str, kind: str) -> None:
    assert kinds(sql) == [kind]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("alter table t add check (a > 0)", "add_check"),
        ("alter table t add constraint n not null a", "add_not_null"),
        ("alter table t add unique (a)", "add_unique"),
        ("alter table t add primary key using index i", "add_primary_key"),
        ("alter table t add foreign key (a) references u", "add_foreign_key"),
        ("alter table t add exclude using gist (a with =)", "add_exclusion"),
    ],
)
def test_each_kind_of_constraint_is_an_operation_of_its_own(sql: str, kind: str) -> None:
    assert kinds(sql) == [kind]


def test_words_before_the_action_are_carried() -> None:
    found = operation('alter table if exists only "S".t drop column if exists a cascade', o.DropColumn)
    assert (found.relation, found.if_exists, found.only) == (Name("S", "t"), True, True)
    assert (found.column, found.column_if_exists, found.cascade) == ("a", True, True)


def test_an_asterisk_after_the_name_is_no_action() -> None:
    assert clauses("alter table s.t * drop a, drop b") == ["drop a", "drop b"]


def test_commas_inside_of_parentheses_and_brackets_part_no_actions() -> None:
    text = "alter table t add a numeric(10, 2) default f(1, 2), alter b set default array[1, 2], drop c"
    assert clauses(text) == ["add a numeric(10, 2) default f(1, 2)", "alter b set default array[1, 2]", "drop c"]


@pytest.mark.parametrize(
    ("sql", "kind", "clause"),
    [
        ("alter table t rename a to b", "rename_column", "rename a to b"),
        ("alter table t rename constraint a to b", "rename_constraint", "rename constraint a to b"),
        ("alter table if exists s.t rename to u", "rename_table", "rename to u"),
        ("alter view v rename to u", "rename_view", "rename to u"),
        ("alter materialized view v rename to u", "rename_view", "rename to u"),
        ("alter index i rename to u", "rename_index", "rename to u"),
        ("alter sequence s rename to u", "rename_sequence", "rename to u"),
        ("alter foreign table f rename to u", "rename_table", "rename to u"),
        ("alter table t set schema u", "set_schema", "set schema u"),
    ],
)
def test_renames_are_actions_too(sql: str, kind: str, clause: str) -> None:
    assert kinds(sql) == [kind]
    assert clauses(sql) == [clause]
