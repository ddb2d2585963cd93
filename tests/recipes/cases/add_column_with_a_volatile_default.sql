ALTER TABLE books ADD COLUMN number bigint NOT NULL DEFAULT floor(random() * 0);
