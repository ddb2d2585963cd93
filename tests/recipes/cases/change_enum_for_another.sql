-- schema: moods.sql
-- same: {old}::text::{type}
-- options: --as tally.mood=feeling --down 'tally.mood=feeling::text::mood'
-- then: ALTER TABLE tally RENAME mood TO feeling
CREATE TYPE feeling AS ENUM ('sad', 'bored', 'happy');
ALTER TABLE tally ALTER mood TYPE feeling USING mood::text::feeling;
