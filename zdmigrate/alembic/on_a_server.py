"""Runs revisions on a scratch server, one after the other, and records what each sends to it."""

from __future__ import annotations

import json
import re

from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from alembic.config import Config
    from alembic.script import Script, ScriptDirectory
    from sqlalchemy.engine import Connection, Engine

    from zdmigrate.alembic.configuration import gone
    from zdmigrate.alembic.recording import Recorder, Statement

    Applied = tuple[list[Statement], Exception | None]
else:
    from configuration import gone
    from recording import Recorder

DRIVERS = ("psycopg", "psycopg2")
TIMEOUT = "30s"  # of one statement: nothing here has rows to speak of
# what SQLAlchemy asks to look around, and what sends nothing that a linter would know
_LOOKING = re.compile(
    r"\s*(SELECT\b.*\bpg_catalog\.|SHOW\b|select (version|current_schema)\(\))", re.IGNORECASE | re.DOTALL
)


def applied(revisions: Sequence[Script], config: Config, scripts: ScriptDirectory, scratch: str) -> Iterator[Applied]:
    """What each ``upgrade()`` sends, in their order; or why it could not be run behind those before it.

    ``scratch`` is JSON: host, port, database and username of a server without a password that is to be used up.
    """
    engine = engine_on(scratch)
    for script in revisions:
        recorder = Recorder(str(script.module.__file__))
        try:
            with engine.connect() as connection:
                run(script, EnvironmentContext(config, scripts), connection, recorder)
        except Exception as error:  # noqa: BLE001 - whatever a project's own code raises
            yield recorder.found, error
        else:
            yield recorder.found, None


def engine_on(scratch: str) -> Engine:
    """By the first driver that the project has; ModuleNotFoundError without any."""
    missing = None
    for driver in DRIVERS:
        try:
            url = URL.create(f"postgresql+{driver}", **json.loads(scratch))
            return create_engine(url, poolclass=NullPool, connect_args={"options": f"-c statement_timeout={TIMEOUT}"})
        except ModuleNotFoundError as error:
            missing = missing or error
    raise missing or ModuleNotFoundError("no driver")


def run(script: Script, environment: EnvironmentContext, connection: Connection, recorder: Recorder) -> None:
    """As ``alembic upgrade`` would with transaction_per_migration."""
    event.listen(connection.engine, "before_cursor_execute", listener := listening(recorder))
    try:
        with environment:
            models = environment.config.attributes["zd_models"]
            environment.configure(connection=connection, transaction_per_migration=True, target_metadata=models)
            context = environment.get_context()
            with Operations.context(context), context.begin_transaction(_per_migration=True):
                gone(script, "upgrade", environment.config)
    finally:
        event.remove(connection.engine, "before_cursor_execute", listener)


def listening(recorder: Recorder) -> Any:
    def before_cursor_execute(
        connection: Connection, cursor: Any, statement: str, parameters: Any, _context: object, executemany: bool
    ) -> None:
        if not _LOOKING.match(statement):
            alone = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
            recorder.take(filled(cursor, statement, parameters[0] if executemany else parameters), alone=alone)

    return before_cursor_execute


def filled(cursor: Any, statement: str, parameters: Any) -> str:
    """With the parameters in it, as the driver writes them."""
    if hasattr(cursor, "mogrify"):
        sql = cursor.mogrify(statement, parameters)
        return sql.decode() if isinstance(sql, bytes) else str(sql)
    import psycopg

    return psycopg.ClientCursor(cursor.connection).mogrify(statement, parameters)
