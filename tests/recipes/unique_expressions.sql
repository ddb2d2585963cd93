-- Unique in an expression, in a part of the rows, and in two columns of which one stays.
CREATE TABLE people (
    id   bigint PRIMARY KEY,
    mail text NOT NULL,
    town text
);
CREATE UNIQUE INDEX people_by_lower_mail ON people (lower(mail));
CREATE UNIQUE INDEX people_of_towns ON people (mail) WHERE town IS NOT NULL;
CREATE UNIQUE INDEX people_once ON people (town, mail);
CREATE UNIQUE INDEX people_with_mail ON people (id, town) WHERE mail <> '';
INSERT INTO people SELECT i, 'mail ' || i, nullif(i % 3, 0)::text FROM generate_series(1, 60) AS i;
