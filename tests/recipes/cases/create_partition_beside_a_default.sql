-- schema: sales.sql
CREATE TABLE stock_rice PARTITION OF stock FOR VALUES IN ('rice', 'noodles');
