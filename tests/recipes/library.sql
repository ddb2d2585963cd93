-- What is no table: functions, a domain, types, views with rights, a trigger, a rule, policies; and what calls it.
CREATE TYPE mood AS ENUM ('sad', 'bored', 'happy');
CREATE DOMAIN isbn AS text;
CREATE TYPE place AS (room integer, shelf text);
CREATE TABLE readers (
    id    bigint PRIMARY KEY,
    name  text,
    mood  mood NOT NULL DEFAULT 'sad',
    at    place,
    likes isbn
);
CREATE TABLE visits (reader bigint REFERENCES readers, mood mood, note text);
CREATE INDEX readers_by_mood ON readers (mood) WHERE mood <> 'happy';
CREATE INDEX readers_by_name ON readers (name);
CREATE UNIQUE INDEX readers_once ON readers (name, likes);
CREATE FUNCTION price(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.name := coalesce(NEW.name, 'nobody');
    RETURN NEW;
END
$$;
CREATE PROCEDURE tidy(bigint) LANGUAGE sql AS 'DELETE FROM visits WHERE reader = $1';
REVOKE ALL ON FUNCTION price(bigint), named() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION price(bigint) TO pg_monitor;
COMMENT ON FUNCTION price(bigint) IS 'what it costs';
ALTER PROCEDURE tidy SECURITY DEFINER;
CREATE TRIGGER named BEFORE INSERT ON readers FOR EACH ROW EXECUTE FUNCTION named();
CREATE VIEW sad_readers AS SELECT id, name FROM readers WHERE mood = 'sad';
GRANT SELECT ON sad_readers TO PUBLIC;
CREATE VIEW visited AS SELECT reader, note FROM visits WHERE note IS NOT NULL;
CREATE RULE quiet AS ON DELETE TO visits DO INSTEAD NOTHING;
CREATE POLICY own ON readers USING (true);
CREATE MATERIALIZED VIEW moods_counted AS SELECT id, mood FROM readers;
CREATE UNIQUE INDEX moods_counted_once ON moods_counted (id);
CREATE SEQUENCE tickets;
GRANT SELECT, UPDATE ON readers TO PUBLIC;
INSERT INTO readers SELECT i, 'reader ' || i, (ARRAY ['sad', 'happy', 'bored'])[1 + i % 3]::mood,
    ROW (i % 4, 'shelf')::place, 'isbn-' || i FROM generate_series(1, 90) AS i;
INSERT INTO visits SELECT 1 + i % 90, CASE WHEN i % 2 = 0 THEN 'happy'::mood END, 'visit' FROM generate_series(1, 60) AS i;
