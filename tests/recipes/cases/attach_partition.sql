-- schema: sales.sql
-- alone: its rows can be written through the parent sooner than after the naive file
ALTER TABLE sales ATTACH PARTITION old_sales FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
