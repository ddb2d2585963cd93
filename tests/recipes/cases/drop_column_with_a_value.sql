-- schema: oddities.sql
-- options: --fill "note='none'"
ALTER TABLE repairs DROP COLUMN note;
