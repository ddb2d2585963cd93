ALTER TABLE books RENAME shelf TO place;
