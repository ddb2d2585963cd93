-- schema: library.sql
ALTER TYPE place RENAME TO spot;
