-- schema: sales.sql
ALTER TABLE sales DETACH PARTITION sales_2023;
