-- schema: unique_expressions.sql
-- options: --allow "twin-unique-upsert=each tries again" --as number
-- then: ALTER TABLE people RENAME id TO number
ALTER TABLE people ALTER id TYPE numeric(22, 2);
