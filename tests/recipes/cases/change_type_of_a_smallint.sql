-- schema: oddities.sql
-- options: --as amount --fallback 0
-- then: ALTER TABLE tools RENAME stock TO amount
ALTER TABLE tools ALTER stock TYPE integer;
