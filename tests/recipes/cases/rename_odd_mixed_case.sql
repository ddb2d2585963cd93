-- schema: odd_names.sql
-- options: --allow 'twin-unique-upsert=nobody upserts on it'
ALTER TABLE "My schema"."Select.""all" RENAME "By" TO "Loop";
