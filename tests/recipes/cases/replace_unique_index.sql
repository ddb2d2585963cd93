-- schema: library.sql
DROP INDEX readers_once;
CREATE UNIQUE INDEX readers_once ON readers (name);
