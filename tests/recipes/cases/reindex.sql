-- schema: library.sql
REINDEX INDEX readers_by_name;
REINDEX (VERBOSE) TABLE visits;
