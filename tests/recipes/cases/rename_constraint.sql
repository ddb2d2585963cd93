ALTER TABLE books RENAME CONSTRAINT one_isbn TO each_isbn_once;
ALTER TABLE books RENAME CONSTRAINT some_copies TO copies_there;
