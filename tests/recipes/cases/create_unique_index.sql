CREATE UNIQUE INDEX books_by_name ON books (title, isbn) WHERE sold >= 0;
