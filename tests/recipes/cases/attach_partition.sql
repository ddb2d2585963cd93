-- schema: sales.sql
ALTER TABLE sales ATTACH PARTITION old_sales FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
