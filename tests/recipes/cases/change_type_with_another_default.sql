-- options: --as number --fallback 0
-- then: ALTER TABLE books RENAME copies TO number
ALTER TABLE books ALTER copies DROP DEFAULT, ALTER copies TYPE bigint, ALTER copies SET DEFAULT 4;
