DROP INDEX loans_by_book;
ALTER TABLE loans RENAME book TO volume;
