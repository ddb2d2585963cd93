-- options: --down "copies=split_part(numbers, '/', 1)::integer" --down "sold=split_part(numbers, '/', 2)::integer"
ALTER TABLE books ADD COLUMN numbers character varying(40);
UPDATE books AS b SET numbers = b.copies || '/' || sold WHERE b.numbers IS NULL;
ALTER TABLE books ALTER numbers SET NOT NULL, DROP COLUMN copies, DROP COLUMN sold;
