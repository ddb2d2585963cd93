"""Several workers share a backfill: each range once, halves taken over, nothing lost when one of them dies."""

from __future__ import annotations

import os
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from zdmigrate.plan.step import LINES
from zdmigrate.run.backfills.leaves import Leaf
from zdmigrate.run.backfills.ranges import LEAST, BlockRange, Ranges

if TYPE_CHECKING:
    from tests.run.batches import AtBatch
    from tests.run.project import Project

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
FILL = "-- zdmigrate: backfill batch=300\nUPDATE users SET label = name;\n"
MORE = "INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(2001, 20000) AS i"
WHO = """
    CREATE FUNCTION who() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.visits := CASE OLD.visits WHEN 0 THEN pg_backend_pid() ELSE -1 END; RETURN NEW; END $$;
    CREATE TRIGGER who BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION who();
"""
LEFT = "SELECT count(*) FROM users WHERE label IS DISTINCT FROM name"


@pytest.fixture
def large(project: Project) -> Project:
    """Large enough for two, and each row tells who changed it; -1 if that was done twice."""
    project.database.execute(MORE)
    project.database.execute("VACUUM ANALYZE users")
    project.database.execute(WHO)
    return project


def test_two_workers_share_a_table_and_change_every_row_once(large: Project) -> None:
    large.write("001_label.sql", COLUMN + FILL)
    large.done("apply", "--phase", "expand", "--release", "v2")
    shares = large.database.execute("SELECT count(*) FROM users GROUP BY visits")
    assert len(shares) == 2, "two workers"
    assert min(shares)[0] > 2000, "each with its share"
    assert large.database.execute(LEFT) == [(0,)]
    [(rows,)] = large.database.execute("SELECT rows FROM zdmigrate.backfill_progress")
    assert rows == 20_000


def test_one_worker_is_enough_where_one_is_wanted_or_the_table_is_small(project: Project) -> None:
    project.database.execute(WHO)
    project.write("001_label.sql", COLUMN + FILL)
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(DISTINCT visits) FROM users") == [(1,)]
    project.database.execute(MORE)
    project.database.execute("ALTER TABLE users DISABLE TRIGGER who; UPDATE users SET visits = 0")
    project.database.execute("ALTER TABLE users ENABLE TRIGGER who")
    fill = "-- zdmigrate: backfill batch=300\nUPDATE users SET label = 'b';\n"
    project.write("002_b.sql", fill)
    project.done("apply", "--phase", "expand", "--release", "v3", "--workers", "1")
    assert project.database.execute("SELECT count(DISTINCT visits) FROM users WHERE label = 'b'") == [(1,)]


def test_when_one_worker_dies_the_others_finish_their_batch_and_the_next_run_goes_on(
    large: Project, at_batch: AtBatch
) -> None:
    large.write("001_label.sql", COLUMN + FILL)
    at_batch(20, lambda worker: large.database.execute("SELECT pg_terminate_backend(%s)", worker.session.pid))
    told = large.expand()
    assert "the connection was lost in step 2 of expand 001_label" in told.text
    if told.code:  # 0 where the server's word for it was lost with the connection: that is an outage, and outlasted
        refused(told, 4, "run the same command again")
        [(done, blocks)] = large.database.execute("SELECT blocks_done, blocks FROM zdmigrate.backfill_progress")
        assert 0 < done < blocks
    assert large.done("apply", "--phase", "expand", "--release", "v2")
    assert large.database.execute(LEFT) == [(0,)]
    assert large.database.execute("SELECT count(*) FROM users WHERE visits = -1") == [(0,)], "no row was changed twice"


def test_a_worker_less_is_no_reason_to_stop_where_connections_are_short(empty_project: Project) -> None:
    database = empty_project.database
    role = database.create_role("deployer")
    database.execute(MORE)
    database.execute("VACUUM ANALYZE users")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; ALTER TABLE users OWNER TO {role}")
    dsn = database.server.dsn(database.name, role)
    assert empty_project.run("init", "--release", "v1", dsn=dsn).code == 0
    database.execute(f"ALTER ROLE {role} CONNECTION LIMIT 3")  # the lease's, the runner's, and one worker's
    empty_project.write("001_label.sql", COLUMN + FILL)
    told = empty_project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn)
    assert told.code == 0, told.text
    assert "going on with 1 of 2 workers" in told.text
    assert database.execute(LEFT) == [(0,)]


def test_ranges_go_to_workers_once_and_are_halved_when_none_is_free() -> None:
    leaf = Leaf(1, None, 1, 100)
    ranges, splits = Ranges([BlockRange(0, leaf, 0, 100 * LINES)]), []
    first = ranges.take(lambda old, new: splits.append((old.number, new.number)))
    assert first is not None
    assert ranges.begin(first, 20 * LINES) == 20 * LINES
    second = ranges.take(lambda old, new: splits.append((old.number, new.number)))
    assert second is not None
    assert splits == [(0, 1)]
    assert (first.next, first.end, second.next, second.end) == (0, 60 * LINES, 60 * LINES, 100 * LINES)
    ranges.done(first)
    assert ranges.blocks_left == 80
    ranges.give_back(second)
    assert ranges.take(lambda *_: None) is second, "what is given back is taken before anything is halved"
    ranges.begin(first, 20 * LINES)
    ranges.begin(second, 20 * LINES)
    assert ranges.take(lambda *_: None) is None, f"less than {LEAST} blocks are not worth it"


def test_no_place_is_given_twice_by_workers_in_a_hurry() -> None:
    leaf = Leaf(1, None, 1, 5000)
    ranges = Ranges([BlockRange(0, leaf, 0, 5000 * LINES)])
    done: list[tuple[int, int]] = []

    def work() -> None:
        while (taken := ranges.take(lambda *_: None)) is not None:
            while taken.next < taken.end:
                start, end = taken.next, ranges.begin(taken, 7 * LINES)
                os.sched_yield()
                done.append((start, end))
                ranges.done(taken)
            ranges.give_back(taken)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ranges.blocks_left == 0
    ordered = sorted(done)
    assert ordered[0][0] == 0
    assert ordered[-1][1] == 5000 * LINES
    assert all(before[1] == after[0] for before, after in pairwise(ordered))
