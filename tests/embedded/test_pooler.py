"""What a transaction pooler does to its clients: the reason why zdmigrate refuses to run through one."""

from __future__ import annotations

import psycopg
import pytest

pytestmark = pytest.mark.outside


def test_two_clients_share_one_backend(pooled_dsn: str) -> None:
    with psycopg.connect(pooled_dsn, autocommit=True) as one, psycopg.connect(pooled_dsn, autocommit=True) as other:
        pid = one.execute("SELECT pg_backend_pid()").fetchone()
        assert pid == other.execute("SELECT pg_backend_pid()").fetchone()


def test_a_session_lock_excludes_nobody_behind_it(pooled_dsn: str) -> None:
    with psycopg.connect(pooled_dsn, autocommit=True) as one, psycopg.connect(pooled_dsn, autocommit=True) as other:
        assert one.execute("SELECT pg_try_advisory_lock(1)").fetchone() == (True,)
        assert other.execute("SELECT pg_try_advisory_lock(1)").fetchone() == (True,)
