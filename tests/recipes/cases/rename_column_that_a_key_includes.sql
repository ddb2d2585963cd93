-- schema: rarities.sql
-- options: --allow "twin-unique-upsert=nobody upserts"
ALTER TABLE cards RENAME holder TO owner;
