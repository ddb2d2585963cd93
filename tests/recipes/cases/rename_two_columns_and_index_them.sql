-- catalog: database
ALTER TABLE books RENAME title TO name;
ALTER TABLE books RENAME copies TO pieces;
CREATE INDEX ON books (name, pieces);
