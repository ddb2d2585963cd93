-- schema: rare_keys.sql
ALTER TABLE cards DROP COLUMN number;
