-- schema: library.sql
CREATE INDEX readers_by_two ON readers (name, mood);
DROP INDEX readers_by_name;
ALTER INDEX readers_by_two RENAME TO readers_by_name;
