ALTER TABLE shelves RENAME room TO hall;
