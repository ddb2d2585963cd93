-- schema: sales.sql
ALTER TABLE prices ATTACH PARTITION prices_some FOR VALUES FROM (1, 5) TO (1, MAXVALUE);
