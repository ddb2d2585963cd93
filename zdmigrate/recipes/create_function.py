"""Create a function in expand; with OR REPLACE old versions call the new body, too; another signature is an overload.

The old signature stays until contract drops it. Where one call could mean both, PostgreSQL refuses it ("is not unique")
or picks the new one for an old version: such a pair needs two names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.functions import called, refuse_like_calls, replacing, spelled_function
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing, signature

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import CreateFunction

OPERATIONS = ("create_function",)
MEANWHILE = ("calls what it called; where OR REPLACE changes the body, the new one", "calls the new function")


def recipe(operation: CreateFunction, ground: Ground) -> Phased:
    text, name = ground.text_of(operation), ground.furniture.catalog.new_name(operation.name)
    made = signature(text)
    thing = Thing("function", name, made.given)
    if ("function", thing) in ground.names.leaving:
        raise ground.refusal(
            f"{called(thing)} is dropped above and made again: old versions and new ones would call one function",
            "same result: write CREATE OR REPLACE instead; another result: give the new one another name",
        )
    refuse_like_calls(thing, made, ground)
    dropped = f"DROP {'PROCEDURE' if operation.procedure else 'FUNCTION'} IF EXISTS {spelled_function(thing, ground)}"
    before = ground.furniture.texts.of(thing)
    if not before:
        kept = operation.replace and not ground.furniture.live
        undoing = () if kept else (Said("", dropped),)  # last: columns that the file makes may call it
        notes = (f"{called(thing)} stays after a revert: it may have been there before.",) if kept else ()
        return Phased(table=name, expand=(Said("", text),), undoing=undoing, notes=notes)
    return Phased(
        notes=(f"{called(thing)} has its new body from expand on: it has to serve old versions, too.",),
        expand=(Said("Whoever calls it finds the one or the other: no call fails.", text),),
        revert=(Said("", replacing(before[0])),),
    )
