-- options: --as pieces --fallback 0
-- then: ALTER TABLE books RENAME copies TO pieces
ALTER TABLE books ALTER copies TYPE bigint, ADD CONSTRAINT each_once UNIQUE (copies, id);
