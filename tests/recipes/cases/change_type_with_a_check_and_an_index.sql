-- options: --as copies=pieces --as sold=sold_ever --fallback 0
-- then: ALTER TABLE books RENAME copies TO pieces; ALTER TABLE books RENAME sold TO sold_ever
ALTER TABLE books
    ALTER copies SET NOT NULL,
    ALTER copies TYPE bigint,
    ALTER COLUMN sold TYPE numeric(20),
    ADD CONSTRAINT not_too_many CHECK (books.copies < 1000 AND sold < 1000);
ALTER TABLE books ALTER copies SET DEFAULT 2;
CREATE INDEX books_by_number ON books (copies, (sold + 1)) INCLUDE (id) WHERE copies > 2;
