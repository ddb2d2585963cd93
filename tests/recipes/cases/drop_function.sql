-- schema: library.sql
DROP FUNCTION price(bigint);
DROP SEQUENCE tickets;
