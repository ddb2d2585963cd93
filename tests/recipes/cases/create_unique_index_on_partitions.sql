-- schema: sales.sql
CREATE UNIQUE INDEX only_one ON sales (shop, id, sold);
