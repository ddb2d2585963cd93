-- zdmigrate: expand
ALTER TABLE users ADD COLUMN active boolean;
-- zdmigrate: allow drop-colum because billing is retired
ALTER TABLE users DROP COLUMN email;
-- zdmigrate: backfill
UPDATE users SET active = NOT active;
UPDATE users SET active tru;
-- zdmigrate: expand
DO $$ BEGIN EXECUTE 'ALTER TABLE ' || current_schema || '.users ADD x int'; END $$;
DROP VIEW IF EXISTS people;
-- zdmigrate: contract
-- zdmigrate: allow drop-table because orders moved to billing in 2024
DROP TABLE orders;
