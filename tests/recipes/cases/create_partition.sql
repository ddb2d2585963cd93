-- schema: sales.sql
CREATE TABLE sales_2025 PARTITION OF sales FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') WITH (fillfactor = 70);
