-- schema: sales.sql
CREATE INDEX by_amount ON ONLY stock (amount, item);
CREATE INDEX tea_by_amount ON stock_tea (amount, item);
CREATE INDEX rest_by_amount ON stock_rest (amount, item);
ALTER INDEX by_amount ATTACH PARTITION tea_by_amount;
ALTER INDEX by_amount ATTACH PARTITION rest_by_amount;
