"""Every operation has samples, so that nothing is claimed that was not measured."""

from __future__ import annotations

from collections import Counter

from tests.schema.all_samples import ALL
from tests.schema.effects_page import kinds_of
from zdmigrate.schema import operations

FEWEST = 3
# Why these have none: they begin and end transactions (tests/sources/test_transactions_on_servers.py runs those),
# stand for what is not understood, or need what a bare server has not got.
WITHOUT = {
    "begin": "transactions",
    "commit": "transactions",
    "rollback": "transactions",
    "savepoint": "transactions",
    "release_savepoint": "transactions",
    "rollback_to_savepoint": "transactions",
    "prepare_transaction": "transactions",
    "unknown": "not understood, so the worst is claimed",
    "server_command": "databases, tablespaces and settings of the server, beyond any relation",
    "set_tablespace": "a second tablespace is a folder of the server's machine",
    "set_access_method": "PostgreSQL ships one access method for tables",
}


def test_every_operation_has_three_samples() -> None:
    counts = Counter(kind for sample in ALL for kind in kinds_of(sample))
    few = {kind: counts[kind] for kind in kinds() - WITHOUT.keys() if counts[kind] < FEWEST}

    assert few == {}, "add samples to tests/schema/samples.py"


def test_what_is_excused_is_an_operation() -> None:
    assert WITHOUT.keys() <= kinds()


def test_no_sample_stands_twice() -> None:
    assert [sample for sample, count in Counter(ALL).items() if count > 1] == []


def kinds() -> set[str]:
    """The kind of every class of operation that has one of its own."""
    root = operations.Operation
    classes = [found for found in vars(operations).values() if isinstance(found, type) and issubclass(found, root)]
    return {found.kind for found in classes if "kind" in vars(found)} - {root.kind}
