"""What has no form that lets the app work on: refused, each with the reason and what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.operations import Vacuum

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Phased
    from zdmigrate.schema.operations import Operation

_REPACK = "pg_repack, or pg_squeeze, copies the table beside the app; plain VACUUM frees space for new rows"
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
        "EXCLUDE builds its index under ACCESS EXCLUSIVE: there is no concurrent form, and no NOT VALID",
        "the least bad: a new table that has it, and a backfill that copies the rows; or a maintenance window",
    ),
}
OPERATIONS = tuple(_REASONS)


def recipe(operation: Operation, ground: Ground) -> Phased:
    if isinstance(operation, Vacuum) and not operation.full:
        raise ground.refusal("VACUUM changes no schema, and needs no phases", "leave it to autovacuum")
    sentence, hint = _REASONS[operation.kind]
    raise ground.refusal(sentence, hint)
