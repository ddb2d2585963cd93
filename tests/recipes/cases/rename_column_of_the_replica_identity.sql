-- options: --allow 'twin-unique-upsert=nobody upserts on it'
ALTER TABLE shelves RENAME room TO hall;
