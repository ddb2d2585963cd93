-- schema: composites.sql
-- stays: UPDATE parcels SET inside = ROW (0, 0)::extent WHERE inside IS NOT DISTINCT FROM NULL
-- options: --fill "inside=ROW (0, 0)::extent"
UPDATE parcels SET inside = ROW (0, 0)::extent WHERE inside IS NOT DISTINCT FROM NULL;
ALTER TABLE parcels ALTER inside SET NOT NULL;
