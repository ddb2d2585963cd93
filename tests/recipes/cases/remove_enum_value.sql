-- schema: moods.sql
-- same: replace({old}::text, 'sad', 'bored')::{type}
-- lossy: what it wrote as sad, the new version copies as bored
-- options: --as feeling --down "feeling::text"
-- then: ALTER TABLE tally RENAME mood TO feeling
CREATE TYPE feelings AS ENUM ('happy', 'bored');
ALTER TABLE tally ALTER mood TYPE feelings USING (CASE mood WHEN 'sad' THEN 'bored' ELSE mood::text END)::feelings;
