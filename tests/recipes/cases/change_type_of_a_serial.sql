-- schema: oddities.sql
-- options: --allow 'twin-unique-upsert=nobody upserts on it' --as tools.id=number --as repairs.tool=tool_number
-- then: ALTER TABLE tools RENAME id TO number; ALTER TABLE repairs RENAME tool TO tool_number
-- stays: ALTER SEQUENCE tools_id_seq AS bigint
ALTER TABLE tools ALTER id TYPE bigint;
ALTER TABLE repairs ALTER tool TYPE bigint;
ALTER SEQUENCE tools_id_seq AS bigint;
