-- schema: moods.sql
-- same: replace({old}::text, 'sad', 'blue')::{type}
-- options: --as feeling
-- then: ALTER TYPE mood RENAME TO mood_2; CREATE TYPE mood AS ENUM ('sad', 'bored', 'happy'); ALTER TABLE diary RENAME mood TO feeling; ALTER TABLE visits RENAME mood TO feeling; ALTER TABLE tally RENAME mood TO feeling
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
