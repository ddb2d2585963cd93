-- stays: UPDATE books SET note = 'none' WHERE note IS NULL
-- options: --fill "note='none'"
UPDATE books SET note = 'none' WHERE note IS NULL;
ALTER TABLE books ALTER note SET NOT NULL;
