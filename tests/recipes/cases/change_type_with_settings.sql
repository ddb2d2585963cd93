-- options: --as copies=pieces --fallback 0
-- then: ALTER TABLE books RENAME copies TO pieces
ALTER TABLE books ALTER copies TYPE bigint, ALTER COLUMN copies SET STATISTICS 300;
COMMENT ON COLUMN public.books.copies IS 'on the shelf or lent';
