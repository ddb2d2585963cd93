-- options: --allow 'twin-unique-upsert=nobody upserts on it' --as isbn_text
-- then: ALTER TABLE books RENAME isbn TO isbn_text
ALTER TABLE books ALTER isbn TYPE text COLLATE "C";
