"""What has no form that lets the app work on: refused, each with the reason and what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.operations import Vacuum

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Phased
    from zdmigrate.schema.operations import Operation

_REPACK = "pg_repack, or pg_squeeze, copies the table beside the app; plain VACUUM frees space for new rows"
# ON CONFLICT without a key would leave out, without a word, the rows that break the EXCLUDE.
_EXCLUDED = (
    "the least bad is, for a small table, to run it in a maintenance window, behind SET lock_timeout = '2s'; for a "
    "large one, a new table that has the EXCLUDE while it is empty, which new versions write, filled by INSERT ... "
    "SELECT ... ON CONFLICT (its key) DO NOTHING; look first for rows that break it: either way stops at them"
)
_REASONS = {
    "vacuum": (
        "VACUUM FULL writes the table anew under ACCESS EXCLUSIVE: nobody reads or writes meanwhile",
        _REPACK,
    ),
    "cluster": (
        "CLUSTER writes the table anew under ACCESS EXCLUSIVE: nobody reads or writes meanwhile",
        _REPACK,
    ),
    "set_tablespace": (
        "SET TABLESPACE copies every file of the relation under ACCESS EXCLUSIVE",
        "pg_repack --tablespace moves it beside the app; an index is built anew there, concurrently",
    ),
    "set_logged": (
        "SET LOGGED writes the table, and all of it into the log, under ACCESS EXCLUSIVE",
        "make a logged table, and let a backfill copy the rows",
    ),
    "set_unlogged": (
        "SET UNLOGGED writes the table anew under ACCESS EXCLUSIVE, and a crash then empties it",
        "leave it logged; wal_compression and checkpoints further apart cost less",
    ),
    "set_access_method": ("SET ACCESS METHOD writes the table anew under ACCESS EXCLUSIVE", _REPACK),
    "set_domain_not_null": (
        "NOT NULL of a domain reads every table that uses it, and stops their writers meanwhile",
        "make the columns NOT NULL that have to be: ALTER TABLE ... ALTER COLUMN ... SET NOT NULL",
    ),
    "validate_domain_constraint": (
        "VALIDATE CONSTRAINT of a domain reads every table that uses it, and stops their writers meanwhile",
        "leave it NOT VALID, and prove old rows with a CHECK of each table, NOT VALID and then VALIDATE",
    ),
    "rename_sequence": (
        "a sequence has one name: nextval of old versions, or of new ones, would fail",
        "keep the name, or let apps take the number from a column's default, which knows no name",
    ),
    "add_exclusion": (
        "EXCLUDE builds its index under ACCESS EXCLUSIVE: there is no concurrent form, no USING INDEX and no NOT VALID",
        _EXCLUDED,
    ),
    "set_expression": (
        "SET EXPRESSION computes every row anew under ACCESS EXCLUSIVE, and old versions read what it means then",
        "a second column that a trigger and a backfill fill, and DROP COLUMN of this one",
    ),
    "truncate": (
        "TRUNCATE takes ACCESS EXCLUSIVE, and the rows of every live version: no revert brings them back",
        "DELETE FROM ... WHERE ...: it becomes a backfill, in batches; for a table that nobody uses, DROP TABLE",
    ),
    "lock_table": (
        "LOCK TABLE keeps other sessions out for as long as the transaction goes on, and phases have their own",
        "leave it out: each statement of a phase takes the weakest lock that it can",
    ),
    "copy": (
        "COPY of rows has no batches, and a resumed run would load them twice",
        "load them into a table that this change makes, beside it; INSERT ... SELECT ... ON CONFLICT DO NOTHING then",
    ),
    "do": (
        "what a DO does is decided when it runs: nothing says in which phase each of it belongs",
        "write the statements that it runs, one by one",
    ),
    "call": (
        "what a procedure does, and whether it commits in between, is decided when it runs",
        "write the statements that it runs, one by one",
    ),
    "savepoint": ("phases have transactions of their own", "leave the savepoints out"),
    "release_savepoint": ("phases have transactions of their own", "leave the savepoints out"),
    "rollback_to_savepoint": ("what is rolled back would be done", "leave out what is undone here"),
    "rollback": ("what is rolled back would be done", "leave out what is undone here"),
    "prepare_transaction": (
        "a prepared transaction keeps its locks until somebody ends it, and the runner knows no such thing",
        "BEGIN and COMMIT, or neither: phases have transactions of their own",
    ),
    "session_command": ("it changes the session that runs it, and no schema", "leave it out"),
    "server_command": (
        "it is about the whole server, beyond any one database's changes",
        "run it by hand, once, before or after this change",
    ),
    "unknown": (
        "zdmigrate does not understand this statement, and so cannot say what it locks or breaks",
        "run it in a file of its own that has sections: zdmigrate new NAME begins one",
    ),
}
OPERATIONS = tuple(_REASONS)


def recipe(operation: Operation, ground: Ground) -> Phased:
    if isinstance(operation, Vacuum) and not operation.full:
        raise ground.refusal("VACUUM changes no schema, and needs no phases", "leave it to autovacuum")
    sentence, hint = _REASONS[operation.kind]
    raise ground.refusal(sentence, hint)
