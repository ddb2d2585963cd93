-- schema: library.sql
DROP TRIGGER named ON readers;
CREATE TRIGGER named BEFORE INSERT OR UPDATE ON readers FOR EACH ROW EXECUTE FUNCTION named();
