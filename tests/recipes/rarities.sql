-- A key that includes a column, one that was an index before, and domains with constraints.
CREATE SCHEMA "Types";
CREATE DOMAIN positive AS integer DEFAULT 7 CHECK (VALUE > 0);
CREATE DOMAIN "Types"."Small Odd" positive NOT NULL CONSTRAINT odd CHECK (value % 2 = 1) CHECK ("value" < 100);
ALTER DOMAIN positive ADD CONSTRAINT other CHECK (VALUE <> 55) NOT VALID;
CREATE DOMAIN words AS varchar(60) COLLATE "C" CONSTRAINT some_words CHECK (VALUE <> '' AND lower(VALUE) <> 'null');
CREATE TABLE cards (
    id     bigint PRIMARY KEY,
    number text,
    holder text,
    CONSTRAINT one_id UNIQUE (id) INCLUDE (holder)
);
CREATE UNIQUE INDEX one_number ON cards (number);
ALTER TABLE cards ADD CONSTRAINT one_number UNIQUE USING INDEX one_number;
INSERT INTO cards SELECT i, 'card ' || i, 'holder ' || i % 7 FROM generate_series(1, 60) AS i;
