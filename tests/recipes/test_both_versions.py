"""Old and new version write every table while a rewritten migration goes forth, or back: proof 4 of each recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recipes.bench import same_rows, same_schema
from tests.recipes.cases import CASES
from tests.recipes.life import Life
from tests.recipes.tenth import a_fortieth_of
from zdmigrate.recipes.parts.groups import groups_in
from zdmigrate.schema.catalog import Catalog
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recipes.bench import Bench
    from tests.recipes.cases import Case

_ROWS = {"insert", "update", "delete"}


def versions_differ(case: Case) -> bool:
    """Whether it changes more than rows; what the sides of a split are to each other, only test_stories knows."""
    operations = [each for statement in read_script(case.naive).statements for each in statement.operations]
    return not case.alone and not {each.kind for each in operations} <= _ROWS and not groups_in(operations, Catalog())


every_case = a_fortieth_of([case for case in CASES if versions_differ(case)])


def life_of(on: Bench, case: Case) -> Life:
    on.rewrite()
    (on.folder / "001_furniture.sql").unlink()
    filled, said = "--fill" in case.options, "--up" in case.options
    same = {"same": case.same} if case.same else {}
    return Life(on.database(), on.run_naive(), on.folder, unread=filled, agree=not said, **same)


@every_case
def test_no_query_fails_and_no_write_is_lost_from_expand_to_contract(
    bench: Callable[[Case], Bench], case: Case
) -> None:
    on = bench(case)
    with life_of(on, case) as life:
        life.together()
        life.contract()
    wanted = on.database()
    life.replay(wanted)
    on.migrate(wanted)
    same_schema(life.database, wanted)
    same_rows(life.database, wanted, case.numbered)


@every_case
def test_no_query_fails_and_no_write_is_lost_on_the_way_back(bench: Callable[[Case], Bench], case: Case) -> None:
    on = bench(case)
    with life_of(on, case) as life:
        life.together()
        life.revert([on.file.stem])
    wanted = on.database()
    life.replay(wanted)
    on.leave_behind(wanted)
    same_schema(life.database, wanted)
    if not case.lossy:
        same_rows(life.database, wanted)
