-- schema: library.sql
CREATE OR REPLACE VIEW sad_readers AS SELECT id, name, likes FROM readers WHERE mood = 'sad';
