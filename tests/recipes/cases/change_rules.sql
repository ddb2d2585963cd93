-- schema: library.sql
-- alone: a rule that makes UPDATE do nothing loses writes, and is meant to
DROP RULE quiet ON visits;
CREATE RULE once AS ON UPDATE TO visits DO INSTEAD NOTHING;
