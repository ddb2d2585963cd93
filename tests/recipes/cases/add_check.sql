ALTER TABLE books ADD CHECK (sold >= 0), ADD CONSTRAINT small CHECK ("Größe" < 1000 OR "Größe" IS NULL);
