ALTER TABLE visits RENAME id TO number;
