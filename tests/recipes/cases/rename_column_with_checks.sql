ALTER TABLE books RENAME COLUMN copies TO "of it";
