ALTER TABLE books RENAME copies TO number;
ALTER TABLE books ALTER number SET DEFAULT 3;
