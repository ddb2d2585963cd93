"""What zdmigrate claims of one statement, in the form in which a server is observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.schema.observe import Observed
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.effects.claim import strongest
from zdmigrate.schema.walk import analyse, schema_left
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.schema.facts import Facts
    from zdmigrate.schema.walk import Analysed

SEQUENCES = ("numbers",)  # those that the samples name


def history(given: str) -> Catalog:
    """The catalog after a script."""
    return schema_left([("", statement) for statement in read_script(given).statements], Catalog(), {}).rested()


def analysed(given: str, sql: str, major: int = 18, section: str = "") -> list[Analysed]:
    return list(analyse([(section, statement) for statement in read_script(sql).statements], history(given), major))


def last_facts(given: str, sql: str, section: str = "", major: int = 18) -> Facts:
    """What rules may know of the last operation."""
    return analysed(given, sql, major, section)[-1].facts


def claimed(given: str, sql: str, major: int) -> Observed:
    """The claims for all operations of a statement together."""
    catalog = history(given)
    effects = [found.effects for found in analysed(given, sql, major)]
    locks = strongest(*(effect.locks for effect in effects))
    apart = {*catalog.indexes, *(name for name in locks if name.name in SEQUENCES)}
    return Observed(
        locks={str(name): mode for name, mode in locks.items() if name not in apart},
        index_locks={str(name): mode for name, mode in locks.items() if name in catalog.indexes},
        sequence_locks={str(name): mode for name, mode in locks.items() if name.name in SEQUENCES},
        rewrites={str(name) for effect in effects for name in effect.rewrites},
        scans={str(name) for effect in effects for name in effect.scans},
        builds_index=any(effect.builds_index for effect in effects),
    )
