-- schema: rarities.sql
-- then: ALTER TABLE cards ALTER motto TYPE varchar(60) COLLATE "C", ADD CONSTRAINT cards_motto_check CHECK (motto <> '' AND lower(motto) <> 'null')
ALTER TABLE cards ADD COLUMN motto words;
