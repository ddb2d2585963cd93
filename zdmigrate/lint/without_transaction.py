"""What each migration tool wants to hear before it runs a file outside of a transaction, in a few words.

The help of concurrently-in-transaction says the same at length; a test holds both together.
"""

from __future__ import annotations

_BY_TOOL = {
    "flyway": "give the statement a file of its own, with executeInTransaction=false in a .conf file beside it",
    "goose": "write -- +goose NO TRANSACTION at the file's top",
    "dbmate": "give the statement a file of its own, with transaction:false behind -- migrate:up",
    "sql-migrate": "write notransaction behind -- +migrate Up",
    "sqlx": "give the statement a file of its own that begins with -- no-transaction",
    "diesel": "give the statement a folder of its own, with run_in_transaction = false in its metadata.toml",
    "golang-migrate": "give the statement a file of its own: golang-migrate sends a file as one message",
    "prisma": "give the statement a migration of its own: Prisma sends a file as one message",
    "single-transaction": "give the statement a file of its own, and run that by psql without --single-transaction",
    "node-pg-migrate": "give the statement a migration of its own, in JavaScript with pgm.noTransaction()",
}


def how_to_run_alone(tool: str) -> str:
    """As an imperative."""
    return _BY_TOOL.get(tool, "give the statement a file of its own that is run without a transaction")
