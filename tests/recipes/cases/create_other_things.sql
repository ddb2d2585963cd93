-- schema: library.sql
-- stays: COMMENT ON TABLE readers IS 'who reads'; ALTER SEQUENCE tickets INCREMENT 10
CREATE SEQUENCE numbers;
CREATE SCHEMA attic;
CREATE DOMAIN amount AS numeric;
COMMENT ON TABLE readers IS 'who reads';
ALTER SEQUENCE tickets INCREMENT 10;
