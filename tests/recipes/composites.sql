-- Columns whose values are rows with NULL in them, and a column of json: neither has an IS NOT NULL or = to rely on.
CREATE TYPE extent AS (wide integer, high integer);
CREATE TABLE parcels (
    id     bigint PRIMARY KEY,
    extent extent NOT NULL,
    inside extent,
    label  json NOT NULL DEFAULT '{"to": null}'
);
COMMENT ON COLUMN parcels.extent IS 'in millimetres';
CREATE VIEW wide_parcels AS SELECT id, extent FROM parcels WHERE (extent).wide > 10;
INSERT INTO parcels SELECT i, ROW (i, nullif(i % 3, 0))::extent,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN ROW (NULL, NULL)::extent ELSE ROW (NULL, i)::extent END,
    CASE WHEN i % 2 = 0 THEN '{"to":  "me"}'::json ELSE 'null' END FROM generate_series(1, 90) AS i;
