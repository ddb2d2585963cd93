ALTER TABLE books ADD COLUMN language text DEFAULT 'en' NOT NULL, ADD pages integer;
