-- schema: library.sql
CREATE SCHEMA upkeep;
ALTER PROCEDURE tidy(bigint) SET SCHEMA upkeep;
