-- A small library whose tables have one of everything that can hang on a column.
CREATE TABLE shelves (
    code text PRIMARY KEY,
    room integer NOT NULL DEFAULT 1
);
CREATE TABLE books (
    id        bigint PRIMARY KEY,
    title     text NOT NULL DEFAULT 'untitled',
    isbn      character varying(20) CONSTRAINT one_isbn UNIQUE,
    shelf     text REFERENCES shelves ON DELETE SET NULL,
    copies    integer DEFAULT 1 CONSTRAINT some_copies CHECK (copies >= 0),
    sold      integer NOT NULL DEFAULT 0,
    note      text,
    "Größe"   numeric(6, 2),
    follows   bigint REFERENCES books,
    CONSTRAINT not_oversold CHECK (sold <= copies * 100)
);
CREATE TABLE loans (
    book  bigint NOT NULL REFERENCES books (id),
    isbn  character varying(20) REFERENCES books (isbn),
    days  integer,
    since timestamp with time zone NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE members (
    id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name  text,
    guide integer REFERENCES members
);
CREATE TABLE visits (
    id     serial PRIMARY KEY,
    member integer NOT NULL REFERENCES members ON DELETE CASCADE
);
CREATE VIEW busy_shelves AS SELECT shelf, count(*) AS books FROM books GROUP BY shelf;
GRANT SELECT, UPDATE ON members TO PUBLIC;
CREATE INDEX books_by_title ON books (title text_pattern_ops) WHERE copies > 0;
CREATE INDEX books_by_lower_title ON books (lower(title), copies DESC) INCLUDE (sold);
CREATE INDEX loans_by_book ON loans (book);
CREATE INDEX loans_by_isbn ON loans (isbn);
CREATE INDEX members_by_guide ON members (guide);
CREATE INDEX visits_by_member ON visits (member);
CREATE INDEX books_by_shelf ON books (shelf);
CREATE INDEX books_by_predecessor ON books (follows);
CREATE INDEX by_size ON books ("Größe");
CREATE UNIQUE INDEX shelves_once ON shelves (code, room);
CREATE STATISTICS books_together (dependencies, mcv) ON title, shelf, (lower(note)) FROM books;
COMMENT ON COLUMN books.title IS 'what stands on the back';
COMMENT ON INDEX books_by_title IS 'for the search';
COMMENT ON CONSTRAINT some_copies ON books IS 'no less than none';
COMMENT ON CONSTRAINT one_isbn ON books IS 'each once';
GRANT SELECT (title, note), UPDATE (title) ON books TO PUBLIC;
ALTER TABLE books ALTER title SET STATISTICS 400, ALTER title SET STORAGE EXTERNAL, ALTER note SET (n_distinct = 9);
ALTER TABLE books CLUSTER ON books_by_lower_title;
ALTER TABLE shelves REPLICA IDENTITY USING INDEX shelves_once;
CREATE POLICY own_title ON books USING (title <> 'secret' OR current_user = 'librarian') WITH CHECK (title <> '');
ALTER TABLE books ENABLE ROW LEVEL SECURITY;
CREATE VIEW search AS SELECT b.title, s.room FROM books AS b JOIN shelves AS s ON s.code = b.shelf WHERE b.title > 'a';
INSERT INTO shelves SELECT 'shelf ' || i FROM generate_series(1, 9) AS i;
INSERT INTO books (id, title, isbn, shelf, copies, sold, note, "Größe", follows)
    SELECT i, 'title ' || i, 'isbn-' || i, 'shelf ' || 1 + i % 9, i % 5 + 1, i % 4,
           CASE WHEN i % 3 = 0 THEN 'note ' || i END, i / 7.0, nullif(i / 2, 0)
    FROM generate_series(1, 200) AS i;
INSERT INTO loans (book, isbn, days) SELECT i, 'isbn-' || i, nullif(i % 7, 0) FROM generate_series(1, 100) AS i;
INSERT INTO members (name, guide) SELECT 'member ' || i, nullif(i / 2, 0) FROM generate_series(1, 50) AS i;
INSERT INTO visits (member) SELECT 1 + i % 50 FROM generate_series(1, 100) AS i;
