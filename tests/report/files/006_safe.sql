-- zdmigrate: expand
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
\quit
-- zdmigrate: contract
BEGIN;
ALTER TABLE users DROP COLUMN name;
COMMIT;
