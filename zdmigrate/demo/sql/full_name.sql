-- users.name becomes users.full_name, while versions that know either name
-- read and write.

-- zdmigrate: expand
-- A new column without a default: the catalog changes, the table does not.
ALTER TABLE users ADD COLUMN full_name text;

-- Keeps both names in step, whoever writes. The new name wins where it was
-- written; a row that is not filled yet is filled by any UPDATE. Values are
-- compared by image: IS DISTINCT FROM fails for json and point.
CREATE FUNCTION users_full_name_sync() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF pg_catalog.num_nonnulls(NEW.full_name) = 1 THEN
            NEW.name := NEW.full_name;
        ELSE
            NEW.full_name := NEW.name;
        END IF;
    ELSIF (ROW(NEW.full_name)::record)
          OPERATOR(pg_catalog.*<>) (ROW(OLD.full_name)::record) THEN
        NEW.name := NEW.full_name;
    ELSE
        NEW.full_name := NEW.name;
    END IF;
    RETURN NEW;
END
$$;

-- The trigger fires only where the two are not in step, so the backfill does
-- not enter it; ENABLE ALWAYS in the same transaction, so that no writer with
-- session_replication_role = replica slips by.
BEGIN;
CREATE TRIGGER "~zd_users_full_name" BEFORE INSERT OR UPDATE ON users
    FOR EACH ROW
    WHEN ((ROW(NEW.full_name)::record)
          OPERATOR(pg_catalog.*<>) (ROW(NEW.name)::record))
    EXECUTE FUNCTION users_full_name_sync();
ALTER TABLE users ENABLE ALWAYS TRIGGER "~zd_users_full_name";
COMMIT;

-- zdmigrate: backfill
UPDATE users SET full_name = name;

-- zdmigrate: expand
-- After the backfill: an index on the column would only have slowed it down.
CREATE INDEX CONCURRENTLY users_full_name_idx ON users (full_name);

\quit
-- zdmigrate: contract
-- All in one transaction: between its statements, every write would fail.
BEGIN;
DROP TRIGGER "~zd_users_full_name" ON users;
DROP FUNCTION users_full_name_sync();
ALTER TABLE users DROP COLUMN name;
COMMIT;

-- zdmigrate: revert
DROP INDEX CONCURRENTLY IF EXISTS users_full_name_idx;
BEGIN;
DROP TRIGGER IF EXISTS "~zd_users_full_name" ON users;
DROP FUNCTION IF EXISTS users_full_name_sync();
ALTER TABLE users DROP COLUMN IF EXISTS full_name;
COMMIT;
