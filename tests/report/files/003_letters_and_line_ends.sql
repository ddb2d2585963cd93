-- zdmigrate: expand
ALTER TABLE users
	ADD COLUMN "größe" text, -- 大きさ
	ADD COLUMN 数量 int NOT NULL, ALTER COLUMN email SET NOT NULL;
