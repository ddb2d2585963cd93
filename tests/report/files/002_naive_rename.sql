-- What everybody writes first.
ALTER TABLE users RENAME COLUMN name TO full_name;
