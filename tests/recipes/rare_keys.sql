-- A key that includes a column, and one that was an index before.
CREATE TABLE cards (
    id     bigint PRIMARY KEY,
    number text,
    holder text,
    CONSTRAINT one_id UNIQUE (id) INCLUDE (holder)
);
CREATE UNIQUE INDEX one_number ON cards (number);
ALTER TABLE cards ADD CONSTRAINT one_number UNIQUE USING INDEX one_number;
INSERT INTO cards SELECT i, 'card ' || i, 'holder ' || i % 7 FROM generate_series(1, 60) AS i;
