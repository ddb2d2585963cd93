-- schema: partitioned.sql
ALTER TABLE events ADD COLUMN note text, ADD CONSTRAINT positive CHECK (id > 0);
