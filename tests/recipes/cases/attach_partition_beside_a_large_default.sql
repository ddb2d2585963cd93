-- schema: sales.sql
-- options: --allow 'not-additive-in-expand=nobody sells coffee yet'
ALTER TABLE stock ATTACH PARTITION stock_coffee FOR VALUES IN ('coffee');
