-- schema: sales.sql
-- alone: rows of the partition are no longer among those of the table
ALTER TABLE stock DETACH PARTITION stock_tea;
