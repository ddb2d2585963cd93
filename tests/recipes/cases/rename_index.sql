-- schema: library.sql
ALTER INDEX readers_by_name RENAME TO "Names";
