-- options: --allow 'twin-unique-upsert=nobody upserts on it'
ALTER TABLE books RENAME COLUMN isbn TO "order";
