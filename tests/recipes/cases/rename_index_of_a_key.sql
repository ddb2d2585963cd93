-- schema: library.sql
ALTER INDEX readers_pkey RENAME TO readers_key;
