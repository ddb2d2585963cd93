"""Looks: every configured source is asked at once, each for its time limit only, and what it says is stored."""

from __future__ import annotations

from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.ledger.ledger import one
from zdmigrate.live.looks import store_failure, store_look
from zdmigrate.live.sighting import Seen, SourceSilent
from zdmigrate.live.sources import sources_of
from zdmigrate.redact import redact
from zdmigrate.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.sighting import ConfiguredSource

MOST = 300  # letters of a version, an instance or a note: with four bytes each they fit into an index


class Answer(NamedTuple):
    """What one source said when it was asked at ``asked_at``: instances, or why it did not say any."""

    source: ConfiguredSource
    asked_at: datetime
    seen: tuple[Seen, ...]
    failure: str | None = None


def observe(connection: Connection, config: Config) -> tuple[Answer, ...]:
    """Ask every configured source what runs now, and store it; nothing happens where only heartbeats are configured.

    ``connection`` must be in autocommit. A role that may not write the ledger looks at what others have stored.
    """
    sources = sources_of(config)
    if not sources or not _may_store(connection):
        return ()
    answers = ask(connection, sources)
    for answer in answers:
        if answer.failure is None:
            store_look(connection, config.gate, answer.source, answer.asked_at, answer.seen)
        else:
            store_failure(connection, answer.source, answer.failure)
    return answers


def ask(connection: Connection, sources: Sequence[ConfiguredSource]) -> tuple[Answer, ...]:
    """Each source's answer, in the order of the sources, after no longer than the longest time limit."""
    (asked_at,) = one(connection, "SELECT pg_catalog.clock_timestamp()")
    begun = monotonic()
    answers = [_begin(connection, source, asked_at) for source in sources]
    return tuple(
        _await(answer, source, asked_at, begun + source.time_limit)
        for answer, source in zip(answers, sources, strict=True)
    )


def _begin(connection: Connection, source: ConfiguredSource, asked_at: datetime) -> Queue[Answer]:
    """The queue that the answer will come in. A daemon: a source that hangs must not keep the command from ending."""
    answers: Queue[Answer] = Queue()
    Thread(target=lambda: answers.put(_look(connection, source, asked_at)), daemon=True).start()
    return answers


def _await(answers: Queue[Answer], source: ConfiguredSource, asked_at: datetime, until: float) -> Answer:
    try:
        return answers.get(timeout=max(0.0, until - monotonic()))
    except Empty:
        return Answer(source, asked_at, (), f"no answer within {source.time_limit:g} s")


def _look(connection: Connection, source: ConfiguredSource, asked_at: datetime) -> Answer:
    try:
        return Answer(source, asked_at, _once_each(source.source.look(connection)))
    except SourceSilent as error:
        failure = error.sentence
    except Exception as error:  # noqa: BLE001 - whatever a source stumbles over, it has not answered
        failure = f"{type(error).__name__}: {error}"
    return Answer(source, asked_at, (), printable(redact(failure)))


def _once_each(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """A source may name an instance twice; one that runs says more than one that could start."""
    found: dict[tuple[str, str], Seen] = {}
    for one_seen in seen:
        key = (one_seen.version, one_seen.instance)
        _refuse_nameless(*key)
        if key not in found or (one_seen.running and not found[key].running):
            found[key] = one_seen._replace(note=one_seen.note and printable(one_seen.note)[:MOST])
    return tuple(found.values())


def _refuse_nameless(version: str, instance: str) -> None:
    """A name must be something to store and to show: a source is not always a friend."""
    if not (version and instance):
        raise SourceSilent("it names an instance without a version, or a version without an instance")
    for name in (version, instance):
        if not name.isprintable() or len(name) > MOST:
            raise SourceSilent(f"it has a name that cannot be shown, or is longer than {MOST}: {name[:40]!a}")


def _may_store(connection: Connection) -> bool:
    (may,) = one(connection, "SELECT pg_catalog.has_table_privilege('zdmigrate.look', 'INSERT')")
    return bool(may)
