"""Views, materialized views, triggers, rules, policies and statistics: what hangs on tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, qualified, relation, relations, strings
from zdmigrate.sql.lift.relations import columns_read, named_in

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name
    from zdmigrate.sql.lift.source import Source

# the bits of the server's catalog/pg_trigger.h
TIMINGS = {0: "after", 2: "before", 64: "instead of"}
EVENTS = {4: "insert", 8: "delete", 16: "update", 32: "truncate"}


def create_view(body: Node, source: Source) -> tuple[o.Operation, ...]:
    name, query = relation(body["view"]), named_in(body["query"])
    return (
        o.CreateView(
            span=source.span,
            relation=name,
            replace=body.get("replace", False),
            temporary=body["view"]["relpersistence"] == "t",
            calls=query.calls,
            # CREATE RECURSIVE VIEW reads itself, as WITH does; its tree has it outside of that WITH too
            sources=tuple(read for read in query.relations if read != name),
            columns=query.columns,
        ),
    )


def refresh(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (
        o.RefreshMaterializedView(
            span=source.span,
            relation=relation(body["relation"]),
            concurrently=body.get("concurrent", False),
            with_data=not body.get("skipData", False),
        ),
    )


def create_trigger(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (
        o.CreateTrigger(
            span=source.span,
            relation=relation(body["relation"]),
            name=body["trigname"],
            function=qualified(strings(body["funcname"])),
            replace=body.get("replace", False),
            timing=TIMINGS[body.get("timing", 0)],
            events=tuple(event for bit, event in EVENTS.items() if body["events"] & bit),
            columns=strings(body.get("columns")),
            mentioned=columns_read(body.get("whenClause", {})),
            for_each_row=body.get("row", False),
            constraint=body.get("isconstraint", False),
            references=relation(body["constrrel"]) if "constrrel" in body else None,
        ),
    )


def create_policy(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (_policy(o.CreatePolicy, body, source),)


def alter_policy(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (_policy(o.AlterPolicy, body, source),)


def _policy(operation: type[o.CreatePolicy], body: Node, source: Source) -> o.Operation:
    return operation(
        span=source.span,
        relation=relation(body["table"]),
        name=body["policy_name"],
        columns=columns_read({field: body.get(field) for field in ("qual", "with_check")}),
        using=columns_read(body["qual"]) if "qual" in body else None,
        checked=columns_read(body["with_check"]) if "with_check" in body else None,
    )


def create_rule(body: Node, source: Source) -> tuple[o.Operation, ...]:
    return (o.CreateRule(span=source.span, relation=relation(body["relation"]), name=body["rulename"]),)


def create_statistics(body: Node, source: Source) -> tuple[o.Operation, ...]:
    table: Name = relations(body["relations"])[0]
    name = strings(body["defnames"])[-1] if "defnames" in body else ""
    return (o.CreateStatistics(span=source.span, relation=table, name=name),)


STATEMENTS = {
    "ViewStmt": create_view,
    "RefreshMatViewStmt": refresh,
    "CreateTrigStmt": create_trigger,
    "CreatePolicyStmt": create_policy,
    "AlterPolicyStmt": alter_policy,
    "RuleStmt": create_rule,
    "CreateStatsStmt": create_statistics,
}
