-- stays: UPDATE books SET note = 'sold' WHERE note IS NULL AND sold > 0; DELETE FROM loans WHERE book = 7;
UPDATE books SET note = 'sold' WHERE note IS NULL AND sold > 0;
DELETE FROM loans WHERE book = 7;
