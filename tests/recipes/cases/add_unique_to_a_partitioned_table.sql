-- schema: partitioned.sql
ALTER TABLE events ADD UNIQUE (id, day, kind) DEFERRABLE;
