-- schema: sales.sql
DROP INDEX sales_by_shop;
