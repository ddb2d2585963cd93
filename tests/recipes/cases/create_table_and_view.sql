CREATE TABLE rooms (number integer PRIMARY KEY);
CREATE VIEW old_books AS SELECT id FROM books;
CREATE TYPE size AS ENUM ('s', 'l');
