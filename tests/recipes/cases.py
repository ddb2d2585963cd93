"""The naive migrations that recipes are tried on: one file each, with what only a person can say in comments."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
_SAID = ("options", "then", "stays", "numbered", "catalog", "schema", "alone", "same", "lossy")
FURNITURE = (HERE / "furniture.sql").read_text()


@dataclass(frozen=True, slots=True)
class Case:
    """``then`` is what the naive side needs besides to be comparable: the new name of a changed type."""

    name: str
    naive: str
    options: tuple[str, ...] = ()
    then: str = ""
    alone: str = ""  # why writers that know only columns cannot live through it
    same: str = ""  # the new column's value as SQL over {old}, where no cast says it
    lossy: str = ""  # why the old version does not find what it would have written itself
    stays: str = ""  # what a revert leaves on purpose, as SQL
    numbered: str = ""  # a column whose values are drawn anew, in whichever order
    schema: str = field(default=FURNITURE, repr=False)
    catalog: str = "history"  # or database: what files cannot tell

    @property
    def for_every_major(self) -> bool:
        """False where the naive SQL is one that older servers do not know."""
        return "--postgres" not in self.options


def read_case(path: Path) -> Case:
    text = path.read_text()
    said = dict(
        re.findall(r"^-- (options|then|stays|numbered|catalog|schema|alone|same|lossy): (.*)$", text, re.MULTILINE)
    )
    naive = "\n".join(line for line in text.splitlines() if not line.startswith("-- "))
    return Case(
        name=path.stem,
        naive=naive,
        options=tuple(shlex.split(said.get("options", ""))),
        then=said.get("then", ""),
        alone=said.get("alone", ""),
        same=said.get("same", ""),
        lossy=said.get("lossy", ""),
        stays=said.get("stays", ""),
        numbered=said.get("numbered", ""),
        catalog=said.get("catalog", "history"),
        schema=(HERE / said.get("schema", "furniture.sql")).read_text(),
    )


CASES = [read_case(path) for path in sorted((HERE / "cases").glob("*.sql"))]
