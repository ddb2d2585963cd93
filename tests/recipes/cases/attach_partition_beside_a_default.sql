-- schema: sales.sql
ALTER TABLE stock ATTACH PARTITION stock_coffee FOR VALUES IN ('coffee');
