-- options: --allow 'twin-unique-upsert=nobody upserts on it' --as members.id=number --as members.guide=guide_number --as visits.member=member_number
-- then: ALTER TABLE members RENAME id TO number; ALTER TABLE members RENAME guide TO guide_number; ALTER TABLE visits RENAME member TO member_number
ALTER TABLE members ALTER id TYPE bigint, ALTER guide TYPE bigint;
ALTER TABLE visits ALTER member TYPE bigint;
