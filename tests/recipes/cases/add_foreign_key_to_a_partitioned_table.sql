-- schema: partitioned.sql
CREATE TABLE kinds (kind text PRIMARY KEY);
INSERT INTO kinds VALUES ('a'), ('b');
ALTER TABLE events ADD CONSTRAINT known_kind FOREIGN KEY (kind) REFERENCES kinds ON DELETE CASCADE;
