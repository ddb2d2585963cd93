ALTER TABLE books RENAME id TO number;
