"""The simulator replays, and sees what it is there to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.generated.migrations import Generated, Migration
from tests.recipes.generated.tables import Column, Table
from tests.simulate.drawn import cases, script
from tests.simulate.invariants import Broken, Invariants
from tests.simulate.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import RunningServer

KEY = Column("id", "integer", different=True, clause="PRIMARY KEY")
TABLE = Table("shop", "users", (KEY, Column("name", "text", values=("'a'", "'b'", "NULL"))), rows=12)
RENAME = Migration("rename column", 'ALTER TABLE "shop"."users" RENAME COLUMN "name" TO "full_name";')


def test_a_seed_draws_the_same_again() -> None:
    assert script("7 3") == script("7 3")
    assert script("7 3") != script("7 4")
    assert cases("7 3", 2) == cases("7 3", 2)


@pytest.fixture
def world(server: RunningServer) -> Iterator[World]:
    with World(server, [Generated(TABLE, RENAME, from_database=False)], rows=0) as made, made.witness:
        made.run("init", "--release", "v1")
        made.publish(made.subjects[0])
        made.run("apply", "--phase", "expand", "--release", "v2")
        yield made


def test_invariants_hold_after_an_expand_and_see_what_does_not(world: World) -> None:
    invariants = Invariants(world)
    app = world.app("v1", 0)
    app.start().works_on()
    invariants.check()
    invariants.the_schema_is_what_the_steps_left()
    app.end()

    world.database.execute('ALTER TABLE "shop"."users" DISABLE TRIGGER USER')
    with pytest.raises(Broken, match="the schema is another"):
        invariants.the_schema_is_what_the_steps_left()
    world.database.execute('UPDATE "shop"."users" SET "name" = \'lost\' WHERE "id" = 1')
    with pytest.raises(Broken, match="1 rows of"):
        invariants.check()
    world.database.execute("UPDATE zdmigrate.change SET state = 'contracted'")
    with pytest.raises(Broken, match="the record ends with expanded, the change is contracted"):
        invariants.check()
    world.database.execute('ALTER TABLE "shop"."users" DROP COLUMN "name" CASCADE')
    app = world.app("v1", 0)
    app.start()
    app.ends_by_itself()
    with pytest.raises(Broken, match="a query of the app failed"):
        invariants.check()
