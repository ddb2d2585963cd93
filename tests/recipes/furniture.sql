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
    CONSTRAINT not_oversold CHECK (sold <= copies * 100)
);
CREATE TABLE loans (
    book  bigint NOT NULL REFERENCES books (id),
    isbn  character varying(20) REFERENCES books (isbn),
    since timestamp with time zone NOT NULL DEFAULT '2026-01-01'
);
CREATE INDEX books_by_title ON books (title text_pattern_ops) WHERE copies > 0;
CREATE INDEX books_by_lower_title ON books (lower(title), copies DESC) INCLUDE (sold);
CREATE INDEX loans_by_book ON loans (book);
CREATE INDEX by_size ON books ("Größe");
INSERT INTO shelves SELECT 'shelf ' || i FROM generate_series(1, 9) AS i;
INSERT INTO books (id, title, isbn, shelf, copies, sold, note, "Größe")
    SELECT i, 'title ' || i, 'isbn-' || i, 'shelf ' || 1 + i % 9, i % 5 + 1, i % 4,
           CASE WHEN i % 3 = 0 THEN 'note ' || i END, i / 7.0
    FROM generate_series(1, 200) AS i;
INSERT INTO loans (book, isbn) SELECT i, 'isbn-' || i FROM generate_series(1, 100) AS i;
