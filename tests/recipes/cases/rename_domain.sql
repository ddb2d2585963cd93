-- schema: library.sql
ALTER DOMAIN isbn RENAME TO "ISBN";
