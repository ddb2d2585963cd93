-- options: --down "note=kind || ':' || remark"
ALTER TABLE books ADD COLUMN kind text, ADD COLUMN remark text NOT NULL DEFAULT 'none' CHECK (remark <> '');
UPDATE books SET kind = split_part(coalesce(note, 'none none'), ' ', 1), remark = split_part(coalesce(note, 'none none'), ' ', 2);
ALTER TABLE books DROP COLUMN note;
CREATE INDEX books_by_kind ON books (kind, remark);
