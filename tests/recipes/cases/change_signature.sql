-- schema: library.sql
DROP FUNCTION price(bigint);
CREATE FUNCTION price(amount bigint, currency text) RETURNS numeric LANGUAGE sql AS 'SELECT $1 * 1.5';
