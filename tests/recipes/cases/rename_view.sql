ALTER VIEW busy_shelves RENAME TO "Shelves";
