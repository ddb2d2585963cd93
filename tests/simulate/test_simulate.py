"""The simulator replays, and sees what it is there to see."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis.internal.conjecture import providers

from tests.recipes.generated.migrations import Generated, Migration
from tests.recipes.generated.tables import Column, Table
from tests.run.command import zdmigrate
from tests.simulate.drawn import cases, script
from tests.simulate.episode import CONTRACT
from tests.simulate.invariants import Broken, Invariants
from tests.simulate.mending import mended
from tests.simulate.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.internal.constants_ast import Constants

    from tests.recipes.writers import Copying
    from tests.servers.database import Connection, RunningServer
    from tests.simulate.sturdy import SturdyApp

KEY = Column("id", "integer", different=True, clause="PRIMARY KEY")
NAME = Column("name", "text", values=("'a'", "'b'", "NULL"))
MUST = Column("must", "integer", not_null=True, values=("1", "2"))
TABLE = Table("shop", "users", (KEY, NAME, MUST), rows=12)
RENAME = Migration("rename column", 'ALTER TABLE "shop"."users" RENAME COLUMN "name" TO "full_name";')


def test_a_seed_draws_the_same_again() -> None:
    assert script("7 3") == script("7 3")
    assert script("7 3") != script("7 4")


def test_what_is_drawn_does_not_hang_on_the_modules_that_are_imported_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> Constants:
        raise AssertionError("what modules spell is drawn")

    before = cases("7 3", 2)
    monkeypatch.setattr(providers, "_get_local_constants", asked)
    assert cases("7 3", 2) == before


@pytest.fixture
def world(server: RunningServer) -> Iterator[World]:
    with expanded(server, RENAME) as made:
        yield made


@contextmanager
def expanded(server: RunningServer, migration: Migration) -> Iterator[World]:
    with World(server, [Generated(TABLE, migration, from_database=False)], rows=0) as made, made.witness:
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


def _users(app: SturdyApp) -> Copying:
    [copy] = [each for each in app.copies if each.table.name == "shop.users"]
    return copy


@pytest.mark.parametrize("committed", [True, False])
def test_an_insert_whose_commit_is_not_answered_is_made_once(
    committed: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = world.app("v1", 0)
    app.outages = 1

    @contextmanager
    def cut(connection: Connection) -> Iterator[None]:
        monkeypatch.undo()
        with connection.transaction(force_rollback=not committed):
            yield
        connection.close()
        raise psycopg.OperationalError("the answer is lost")

    with world.database.connect() as connection:
        monkeypatch.setattr(type(connection), "transaction", cut)
        app._insert(connection, _users(app))
    app._connection.close()
    assert (app.lost, world.database.execute('SELECT count(*) FROM "shop"."users"')) == (1, [(13,)])


def test_a_contract_that_a_blockers_index_keeps_shut_is_accepted(world: World) -> None:
    world.database.execute('CREATE INDEX "by hand" ON "shop"."users" ("id")')
    command = (*CONTRACT, "--release", "v3", "--force", "--reason", "nobody is here")
    where = ("--dsn", world.database.dsn, "--dir", str(world.folder))
    shut = zdmigrate(*command, *where)
    accepting = mended(world, shut.code, shut.text, command)
    assert accepting is not None
    done = zdmigrate(*accepting, *where)
    assert (done.code, mended(world, done.code, done.text, command)) == (0, None), done.text


def test_a_revert_that_what_was_left_out_forbids_is_mended(server: RunningServer) -> None:
    drop = Migration("drop column", 'ALTER TABLE "shop"."users" DROP COLUMN "must";')
    with expanded(server, drop) as world:
        app = world.app("v2", 1)
        app._connection = world.database.connect()
        with app._connection as connection:
            app._insert(connection, _users(app))
        command = ("revert", world.subjects[0].change)
        where = ("--dsn", world.database.dsn, "--dir", str(world.folder))
        refused = zdmigrate(*command, *where)
        assert mended(world, refused.code, refused.text, command) == command
        done = zdmigrate(*command, *where)
        assert (done.code, mended(world, done.code, done.text, command)) == (0, None), done.text
