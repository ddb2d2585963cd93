-- options: --as sold_ever --fallback 0
-- then: ALTER TABLE books RENAME sold TO sold_ever
ALTER TABLE books ALTER COLUMN sold TYPE bigint;
