CREATE SCHEMA reports;
ALTER VIEW busy_shelves SET SCHEMA reports;
