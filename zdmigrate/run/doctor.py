"""What would stop a run, or make it slow: looked at, not tried. Each check is one function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import ZdmigrateError
from zdmigrate.ledger.connection import where
from zdmigrate.ledger.ledger import check_ledger, one
from zdmigrate.run.budget import deadlock_timeout, refuse_long_budget
from zdmigrate.run.concerns import concerns
from zdmigrate.run.due import due_for_expand, refuse_unrunnable
from zdmigrate.run.finding import Finding, Health
from zdmigrate.run.pooler import refuse_transaction_pooler
from zdmigrate.run.privileges import missing_privileges
from zdmigrate.run.standbys import refuse_standby, standbys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change

LONG = 60  # seconds in a transaction that make it a long one


def examine(connection: Connection, config: Config, dsn: str) -> Iterator[Finding]:
    """Every check, the connection's first; none of them writes or locks."""
    version = connection.info.server_version
    yield Finding(Health.GOOD, f"connected to {where(connection)}, PostgreSQL {version // 10000}.{version % 10000}")
    yield from _refusal(lambda: refuse_standby(connection), "the server takes writes")
    yield from _refusal(lambda: refuse_transaction_pooler(connection, dsn), "no transaction pooler in between")
    yield from _refusal(lambda: check_ledger(connection), "the ledger is there, and this server's own")
    yield from _privileges(connection)
    yield from _budget(connection, config)
    yield from _standbys(connection, config)
    yield from _subscribers(connection)
    yield from _long_transactions(connection)
    yield from _prepared_transactions(connection)
    yield from _invalid_indexes(connection)
    yield from _star_queries(connection)


def examine_due(connection: Connection, target: Target, changes: Sequence[Change]) -> Iterator[Finding]:
    """What the changes that are due for an expand would meet; a problem of each kind that apply would refuse."""
    try:
        due = due_for_expand(target, connection, changes, again=False)
        plans = refuse_unrunnable(target, connection, due)
    except ZdmigrateError as error:
        yield Finding(Health.PROBLEM, error.sentence, error.hint)
        return
    for sentence in missing_privileges(connection, plans):
        yield Finding(Health.PROBLEM, f"{connection.info.user} lacks a privilege: {sentence}")
    yield from concerns(connection, target.config, list(zip(due, plans, strict=True)))


def _refusal(check: Callable[[], None], good: str) -> Iterator[Finding]:
    try:
        check()
    except ZdmigrateError as error:
        yield Finding(Health.PROBLEM, error.sentence, error.hint)
    else:
        yield Finding(Health.GOOD, good)


def _privileges(connection: Connection) -> Iterator[Finding]:
    """Whose tables these are: who may not own them cannot change them."""
    query = """
        SELECT pg_catalog.string_agg(DISTINCT pg_catalog.pg_get_userbyid(c.relowner), ', '), pg_catalog.count(*)
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdmigrate')
          AND n.nspname NOT LIKE 'pg\\_toast%' AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
    """
    owners, count = one(connection, query)
    role = connection.info.user
    if count:
        sentence = f"{count} tables belong to {owners}: {role} may not change them"
        yield Finding(Health.WARNING, sentence, f"connect as their owner, or GRANT it to {role}")
    else:
        yield Finding(Health.GOOD, f"the role {role} may change every table")


def _budget(connection: Connection, config: Config) -> Iterator[Finding]:
    good = f"lock_budget {config.lock_budget} is below deadlock_timeout {deadlock_timeout(connection)}ms"
    yield from _refusal(lambda: refuse_long_budget(connection, config), good)


def _standbys(connection: Connection, config: Config) -> Iterator[Finding]:
    found = standbys(connection)
    if found and not config.replicas:
        sentence = f"standbys stream from this server: {', '.join(found)}; their readers wait for replayed locks"
        yield Finding(Health.PROBLEM, sentence, 'set replicas = ["host=standby1 …"], or replicas = "no-readers"')
    else:
        told = f"standbys: {', '.join(found)}, as configured" if found else "no standby streams from this server"
        yield Finding(Health.GOOD, told)


def _subscribers(connection: Connection) -> Iterator[Finding]:
    """A subscriber that lacks a column stops when it is added here (measured)."""
    query = "SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' ORDER BY slot_name"
    slots = [name for (name,) in connection.execute(query)]
    if slots:
        sentence = f"logical subscribers ({', '.join(slots)}) stop at a column that they do not have"
        yield Finding(Health.WARNING, sentence, "add new columns on the subscribers first")


def _long_transactions(connection: Connection) -> Iterator[Finding]:
    query = """
        SELECT pid, application_name, extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::int
        FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND xact_start IS NOT NULL AND backend_type = 'client backend'
          AND pid <> pg_catalog.pg_backend_pid()
          AND pg_catalog.clock_timestamp() - xact_start > pg_catalog.make_interval(secs => %s)
        ORDER BY xact_start
    """
    for pid, application, seconds in connection.execute(query, [LONG]):
        sentence = f"pid {pid} {application!r} has been in one transaction for {seconds} s: locks wait for it"
        yield Finding(Health.WARNING, sentence, "end it before a run, or let the run wait: nobody else will")


def _prepared_transactions(connection: Connection) -> Iterator[Finding]:
    query = "SELECT gid, prepared FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()"
    for gid, prepared in connection.execute(query):
        sentence = f"the prepared transaction {gid!r} of {prepared:%Y-%m-%d %H:%M} keeps its locks until it is ended"
        yield Finding(Health.WARNING, sentence, "COMMIT PREPARED or ROLLBACK PREPARED it")


def _invalid_indexes(connection: Connection) -> Iterator[Finding]:
    query = "SELECT indexrelid::regclass::text, indrelid::regclass::text FROM pg_catalog.pg_index WHERE NOT indisvalid"
    for index, table in connection.execute(query):
        sentence = f"the index {index} of {table} is invalid: an interrupted build left it, and every write keeps it up"
        yield Finding(Health.WARNING, sentence, f"DROP INDEX CONCURRENTLY {index};")


def _star_queries(connection: Connection) -> Iterator[Finding]:
    """Prepared SELECT * fails after ADD and DROP COLUMN; pg_stat_statements, where it is there, shows who does so."""
    installed = "SELECT pg_catalog.to_regclass('pg_stat_statements') IS NOT NULL"
    if not one(connection, installed)[0]:
        return
    query = r"""
        SELECT pg_catalog.count(*) FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND query ~* '(select|returning)\s+([a-z_]+\.)?\*\s' AND query !~* 'zdmigrate'
    """
    (count,) = one(connection, query)
    if count:
        sentence = f"{count} statements in pg_stat_statements select *: prepared, they fail when a column comes or goes"
        yield Finding(Health.WARNING, sentence, "let them name their columns")
