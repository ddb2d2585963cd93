CREATE TABLE rooms (number bigint PRIMARY KEY, name text);
CREATE INDEX rooms_by_name ON rooms (name);
ALTER TABLE rooms ADD COLUMN floor integer NOT NULL DEFAULT 0, ADD CONSTRAINT above CHECK (floor >= 0);
