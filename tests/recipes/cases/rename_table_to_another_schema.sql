CREATE SCHEMA archive;
ALTER TABLE visits SET SCHEMA archive;
