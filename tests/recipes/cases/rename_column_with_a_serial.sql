-- options: --allow 'twin-unique-upsert=nobody upserts on it'
ALTER TABLE visits RENAME id TO number;
