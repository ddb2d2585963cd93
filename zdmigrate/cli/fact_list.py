"""``rules --facts``: what a rule's match or message may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.cli.tables import draw
from zdmigrate.schema.fact_table import FACTS

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console

_KINDS = {bool: "true or false", int: "number", str: "text"}


def show(console: Console) -> None:
    facts = [(name, _KINDS[type(default)], meaning) for name, (default, meaning) in FACTS.items()]
    if console.is_json:
        told = [{"name": name, "kind": kind, "meaning": meaning} for name, kind, meaning in facts]
        console.json({"version": 1, "facts": told})
    else:
        console.result(draw(("fact", "is", "meaning"), facts))
