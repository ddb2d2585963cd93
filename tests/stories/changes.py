"""The changes that stories are about, each with the versions of the app around it."""

from __future__ import annotations

from dataclasses import replace

from tests.stories.apps import users_version
from tests.stories.harness import Change, fixture_files

V1, V2 = users_version("v1", "name"), users_version("v2", "full_name")
SAME = replace(V1, name="v2")  # a version whose statements are those of v1

RENAME = Change(
    files=fixture_files("rename_column"),
    old=V1,
    new=V2,
    agree="SELECT count(*) FROM users WHERE name IS DISTINCT FROM full_name",
)

NOT_NULL = Change(
    files={
        "001_name_nn.sql": """
-- zdmigrate: expand
ALTER TABLE users ADD CONSTRAINT users_name_nn CHECK (name IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_name_nn;
\\quit
-- zdmigrate: contract
BEGIN;
ALTER TABLE users ALTER COLUMN name SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_name_nn;
COMMIT;
-- zdmigrate: revert
ALTER TABLE users DROP CONSTRAINT users_name_nn;
"""
    },
    old=V1,
    new=SAME,
)

INDEX = Change(
    files={
        "001_by_name.sql": """
-- zdmigrate: expand
CREATE INDEX CONCURRENTLY users_by_name ON users (lower(name)) WHERE visits > 0;
-- zdmigrate: revert
DROP INDEX CONCURRENTLY users_by_name;
"""
    },
    old=V1,
    new=SAME,
)

DROP_COLUMN = Change(
    files={"001_no_visits.sql": "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN visits;\n"},
    old=V1,
    new=replace(SAME, touch="UPDATE users SET email = email WHERE id = %s"),
)

DROP_TABLE = Change(
    files={"001_no_orders.sql": "-- zdmigrate: contract\nDROP TABLE orders;\n"},
    old=replace(V1, touch="INSERT INTO orders (user_id, total) VALUES (%s, 1)"),
    new=SAME,
)

PARTITIONS = """
CREATE SEQUENCE users_ids;
CREATE TABLE users (
    id bigint PRIMARY KEY DEFAULT nextval('users_ids'), email text, name text, visits integer NOT NULL DEFAULT 0
) PARTITION BY HASH (id);
CREATE TABLE users_0 PARTITION OF users FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE users_1 PARTITION OF users FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE users_2 PARTITION OF users FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO users (email, name) SELECT i || '@example.com', 'user ' || i FROM generate_series(1, 3000) AS i
"""


def rename_without_index() -> Change:
    """A partitioned table's index cannot be built concurrently in one statement."""
    [(name, text)] = RENAME.files.items()
    head, rest = text.split("-- zdmigrate: expand\n-- After the backfill", 1)
    tail = rest.split("\\quit", 1)[1].replace("DROP INDEX CONCURRENTLY IF EXISTS users_full_name_idx;\n", "")
    return replace(RENAME, files={name: f"{head}\\quit{tail}"})
