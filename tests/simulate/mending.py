"""What a person does about a refusal that is right: mends what it names, or accepts it, and runs the command again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.versions import Shared
    from tests.servers.database import Database
    from tests.simulate.world import World

_ALTERED = re.compile(r"is not what it was when \S+ was expanded: (.*?)\. Undo that,")
_UNFILLED = re.compile(
    r'check constraint "\S*_filled" of relation ".*" is violated by some row \(23514\); it is the row '
)


def mended(world: World, code: int, told: str, command: Sequence[str]) -> tuple[str, ...] | None:
    """The command to run now; None where nothing that the last run told is for a person to mend."""
    text = " ".join(told.split())
    altered = _ALTERED.findall(text)
    if altered and all(each.startswith("index by hand ") for each in altered):
        return (*command, "--accept-changes", "--reason", "a blocker's own index came and went")
    if code == 4 and command[0] == "revert" and _UNFILLED.search(text):
        _fill(world)
        return tuple(command)
    return None


def _fill(world: World) -> None:
    """Nobody gave ``--fill``, and the new version left a dropped column out: its rows get what the old one says."""
    wanted = world.wanted("revert")
    for subject in world.subjects:
        for shared in subject.tables:
            _copy(shared, wanted, world.database)


def _copy(shared: Shared, wanted: Database, database: Database) -> None:
    table, key = shared.before, shared.before.columns[shared.key].name
    after = shared.after.columns if shared.after else shared.before.columns
    with wanted.connect() as source, database.connect() as target:
        for column in (each for number, each in table.columns.items() if number not in after):
            kind = column.type.replace("%", "%%")
            values = source.execute(
                f"SELECT {column.name}::text, {key}::text FROM {table.name}".replace("%%", "%").encode()
            )
            fill = f"UPDATE {table.name} SET {column.name} = %s::{kind} WHERE {key}::text = %s"
            target.cursor().executemany(f"{fill} AND num_nulls({column.name}) = 1".encode(), values.fetchall())
