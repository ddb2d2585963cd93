DROP VIEW busy_shelves;
