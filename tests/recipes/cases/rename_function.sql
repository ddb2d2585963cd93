-- schema: library.sql
ALTER FUNCTION price(bigint) RENAME TO "Cost";
