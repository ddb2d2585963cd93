-- An enum in two tables: with a default, NOT NULL, an index over some of its values, and a CHECK.
CREATE TYPE mood AS ENUM ('sad', 'bored', 'happy');
CREATE TABLE diary (
    id   bigint PRIMARY KEY,
    mood mood NOT NULL DEFAULT 'sad',
    note text CONSTRAINT some_note CHECK (note <> 'sad')
);
CREATE TABLE visits (reader bigint, mood mood CONSTRAINT no_boredom CHECK (mood <> 'bored'), note text);
CREATE TABLE tally (day date, mood mood);
CREATE INDEX diary_by_mood ON diary (mood, note) WHERE mood <> 'sad';
INSERT INTO diary SELECT i, (ARRAY ['sad', 'happy', 'bored'])[1 + i % 3]::mood, 'note ' || i FROM generate_series(1, 90) AS i;
INSERT INTO visits SELECT 1 + i % 90, (ARRAY ['sad', 'happy'])[1 + i % 3]::mood, 'visit' FROM generate_series(1, 60) AS i;
INSERT INTO tally SELECT date '2026-01-01' + i, (ARRAY ['sad', 'happy', 'bored'])[1 + i % 3]::mood FROM generate_series(1, 30) AS i;
