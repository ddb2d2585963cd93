-- schema: partitioned.sql
CREATE INDEX ON events (kind, id);
