"""The same shop in several versions, as its models say it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Integer, MetaData, Table, Text

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def shop(*users: Any, teams: bool = False, schema: str | None = None) -> MetaData:
    """Models with a naming convention: users with these columns, and teams."""
    metadata = MetaData(naming_convention=NAMES, schema=schema)
    Table("users", metadata, Column("id", BigInteger, primary_key=True), *users)
    if teams:
        Table("teams", metadata, Column("id", BigInteger, primary_key=True), Column("title", Text, index=True))
    return metadata


def before(schema: str | None = None) -> MetaData:
    return shop(
        Column("name", Text, index=True),
        Column("email", Text),
        Column("legacy", Text, nullable=False),
        Column("total", Integer),
        schema=schema,
    )


def after(schema: str | None = None) -> MetaData:
    """A column has another name, one another type, one goes, one must be there and unique, several come."""
    team = f"{schema}.teams.id" if schema else "teams.id"
    return shop(
        Column("full_name", Text, index=True, info={"zd_was": "name"}),
        Column("email", Text, nullable=False, unique=True),
        Column("total_big", BigInteger, info={"zd_was": "total", "zd_fallback": "NULL"}),
        Column("team_id", ForeignKey(team), index=True),
        Column("active", Boolean, nullable=False, default=True),
        CheckConstraint("total_big >= 0", name="positive"),
        teams=True,
        schema=schema,
    )
