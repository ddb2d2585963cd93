-- schema: library.sql
ALTER FUNCTION named RENAME TO with_name;
