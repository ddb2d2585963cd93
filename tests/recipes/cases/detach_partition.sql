-- schema: sales.sql
-- alone: rows of the partition are no longer among those of the table
ALTER TABLE sales DETACH PARTITION sales_2023;
