-- schema: library.sql
DROP RULE quiet ON visits;
CREATE RULE once AS ON UPDATE TO visits DO INSTEAD NOTHING;
