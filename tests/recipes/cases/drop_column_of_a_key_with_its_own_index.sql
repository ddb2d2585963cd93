-- schema: rarities.sql
ALTER TABLE cards DROP COLUMN number;
