-- schema: rarities.sql
-- then: ALTER TABLE cards ALTER "Für" TYPE integer, ALTER "Für" SET DEFAULT 7, ALTER "Für" SET NOT NULL, ADD CONSTRAINT "cards_Für_check1" CHECK ("Für" > 0), ADD CONSTRAINT "cards_Für_check2" CHECK ("Für" <> 55), ADD CONSTRAINT "cards_Für_check3" CHECK ("Für" % 2 = 1), ADD CONSTRAINT "cards_Für_check4" CHECK ("Für" < 100), ALTER said TYPE varchar(60) COLLATE "C", ALTER said SET NOT NULL, ADD CONSTRAINT cards_said_check CHECK (said <> '' AND lower(said) <> 'null')
ALTER TABLE cards ADD "Für" "Types"."Small Odd" CHECK ("Für" <> 9);
ALTER TABLE cards ADD said words DEFAULT 'a word' NOT NULL;
