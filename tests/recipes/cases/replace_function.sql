-- schema: library.sql
CREATE OR REPLACE FUNCTION price(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 2';
