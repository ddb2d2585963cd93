-- schema: unique_expressions.sql
-- options: --allow "twin-unique-upsert=each tries again"
ALTER TABLE people RENAME mail TO "E-mail";
