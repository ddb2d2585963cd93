"""Looks for what a statement takes away in files that a test writes down."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.walk import analyse
from zdmigrate.sql.script import read_script
from zdmigrate.usage.loss import losses
from zdmigrate.usage.search import Text, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.schema.walk import Analysed
    from zdmigrate.usage.evidence import Evidence

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE orgs (id bigint PRIMARY KEY, name text, created_at timestamptz);
CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint, name text, full_name text, mood mood, created_at timestamptz);
CREATE TABLE order_items (id bigint PRIMARY KEY, status text, unit_price numeric);
CREATE VIEW active_users AS SELECT id FROM users;
CREATE FUNCTION total(bigint) RETURNS bigint LANGUAGE sql AS 'select 1';
"""


def walked(sql: str, catalog: Catalog, section: str) -> list[Analysed]:
    return list(analyse([(section, statement) for statement in read_script(sql).statements], catalog, 14))


def evidence(drop: str, *, schema: str = SCHEMA, **files: str) -> list[Evidence]:
    """The evidence against one loss; ``models_py="…"`` is the file models.py."""
    before = walked(schema, Catalog(), "")[-1].catalog
    [(_, loss)] = losses(walked(drop, before, "contract"), before)
    texts = [Text(path_of(name), dedent(text).lstrip("\n").encode()) for name, text in files.items()]
    return list(search([loss], lambda: texts, before, str)[loss])


def path_of(name: str) -> str:
    """``shop__models_py`` is shop/models.py."""
    return ".".join(name.replace("__", "/").rsplit("_", 1))


def places(drop: str, **files: str) -> list[str]:
    return [found.place for found in evidence(drop, **files)]


def lines(drop: str, **files: str) -> Sequence[int]:
    """The numbers of the lines, where there is one file."""
    return sorted(found.line for found in evidence(drop, **files))
