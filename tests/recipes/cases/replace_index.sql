-- schema: library.sql
DROP INDEX readers_by_name;
CREATE INDEX readers_by_name ON readers (name, mood);
