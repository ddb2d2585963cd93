-- schema: library.sql
-- stays: GRANT INSERT ON visits TO PUBLIC
GRANT INSERT ON visits TO PUBLIC;
REVOKE UPDATE ON readers FROM PUBLIC;
