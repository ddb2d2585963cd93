-- options: --fallback 0
ALTER TABLE loans ALTER days TYPE bigint;
CREATE INDEX loans_by_days ON loans (days);
ALTER TABLE loans RENAME days TO of_book;
ALTER TABLE loans ADD CONSTRAINT of_a_book FOREIGN KEY (of_book) REFERENCES books (id);
