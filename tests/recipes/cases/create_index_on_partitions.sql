-- schema: sales.sql
CREATE INDEX sales_by_note ON sales (note, lower(note)) WHERE price > 2;
