-- schema: library.sql
REFRESH MATERIALIZED VIEW moods_counted;
