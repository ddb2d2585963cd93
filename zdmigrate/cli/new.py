"""``zdmigrate new``: an empty change file whose sections say what belongs into them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import Console, common
from zdmigrate.errors import UsageError
from zdmigrate.sources.change import id_of
from zdmigrate.sources.folder import change_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.config import Config

# No line below may begin with the marker's word unless it is one: the file is read as it stands.
TEMPLATE = r"""-- {id}
-- Fill in the sections that this change needs, and delete the others.

-- zdmigrate: expand
-- Only adds: every version of the app that is live keeps working. It runs before the new version is deployed.
-- Each statement is a transaction of its own, except from BEGIN; to COMMIT;.


-- zdmigrate: backfill
-- Fills what expand added: UPDATE, DELETE, or INSERT ... SELECT ... ON CONFLICT DO NOTHING, each over one table
-- and written as for the whole of it. It runs in batches, and may meet a row twice.
-- What needs the filled column (an index, VALIDATE CONSTRAINT) goes into another expand section after this one.


-- psql -f stops here: what follows is run weeks later, by zdmigrate apply --phase contract.
\quit

-- zdmigrate: contract
-- Removes what no live version needs any more. It runs when every version that knew the old side is gone.


-- zdmigrate: revert
-- Undoes expand, for as long as contract has not begun.

"""


@click.command()
@click.argument("name")
@common(formats=("text",))
def command(name: str, config: Config, console: Console) -> None:
    """Write an empty change file with the next number, and print its path.

    \b
    Example:
      zdmigrate new "rename users.name"
    """
    words = re.sub(r"\W+", "_", name.lower()).strip("_")
    if not words:
        raise UsageError(f"{name!r} has no letter or digit to name a file after")
    Path(config.dir).mkdir(parents=True, exist_ok=True)
    ids = [id_of(path)[0] for path in change_files(config.dir)]
    id = f"{next_number(ids)}_{words}"  # noqa: A001 - the word of the agreement
    path = os.path.join(config.dir, f"{id}.sql")  # noqa: PTH118 - printed as it was given
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(id=id))
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="choose another name") from None
    console.result(path)


def next_number(ids: Sequence[str]) -> str:
    """One more than the last id's number, with as many digits and the same letters before it."""
    found = re.match(r"([^\d]*)(\d+)", ids[-1]) if ids else None
    if not found:
        return "001"
    prefix, number = found.groups()
    return f"{prefix}{int(number) + 1:0{len(number)}d}"
