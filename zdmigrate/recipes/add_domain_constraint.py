"""Add a CHECK to a domain: in contract, NOT VALID, for whatever is written from then on.

VALIDATE CONSTRAINT of a domain is no way to prove the rest: it reads every table of the domain under SHARE, and stops
their writers (measured on 14 to 18). A CHECK of each table proves it beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddDomainConstraint

OPERATIONS = ("add_domain_constraint",)
MEANWHILE = ("may still write what the CHECK forbids", "writes what it allows")


def recipe(operation: AddDomainConstraint, ground: Ground) -> Phased:
    if operation.constraint.type != "check":
        raise ground.refusal(
            f"NOT NULL of the domain {operation.domain} reads every table of it, and stops their writers meanwhile",
            "make the columns NOT NULL that have to be: ALTER TABLE ... ALTER COLUMN ... SET NOT NULL",
        )
    text, not_valid = ground.text_of(operation), operation.constraint.not_valid
    kept = f"The CHECK of {operation.domain} stays NOT VALID: VALIDATE would stop the writers of all its tables."
    return Phased(
        notes=(
            f"{operation.domain} refuses what the CHECK forbids from contract on: versions that write it are gone.",
            *(() if not_valid else (kept,)),
        ),
        contract=(
            Said("NOT VALID: no row is read, and no table is locked.", text if not_valid else f"{text} NOT VALID"),
        ),
    )
