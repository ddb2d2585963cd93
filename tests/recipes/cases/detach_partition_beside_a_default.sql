-- schema: sales.sql
ALTER TABLE stock DETACH PARTITION stock_tea;
