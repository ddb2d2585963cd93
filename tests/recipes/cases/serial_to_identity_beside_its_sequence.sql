-- then: SELECT setval('visits_id_seq1', 100000)
ALTER TABLE visits ALTER COLUMN id DROP DEFAULT;
ALTER TABLE visits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('visits', 'id'), greatest(max(id), 1000)) FROM visits;
