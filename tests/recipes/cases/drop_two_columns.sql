ALTER TABLE books DROP COLUMN copies, DROP note;
