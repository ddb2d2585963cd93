-- schema: library.sql
DROP TRIGGER named ON readers;
DROP FUNCTION named();
ALTER TABLE visits DROP mood;
ALTER TABLE readers DROP at;
DROP TYPE place;
