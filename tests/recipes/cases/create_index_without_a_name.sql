CREATE INDEX ON books (note, lower(title));
