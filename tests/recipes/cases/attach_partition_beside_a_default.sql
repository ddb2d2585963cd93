-- schema: sales.sql
-- alone: its rows can be written through the parent sooner than after the naive file
ALTER TABLE stock ATTACH PARTITION stock_coffee FOR VALUES IN ('coffee');
