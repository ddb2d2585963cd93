-- A table in two partitions, one of which is partitioned itself.
CREATE TABLE events (
    id   bigint NOT NULL,
    kind text,
    day  date NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2026-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2030-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_new_a PARTITION OF events_new FOR VALUES IN ('a');
CREATE TABLE events_new_rest PARTITION OF events_new DEFAULT;
CREATE INDEX events_by_id ON events (id);
INSERT INTO events SELECT i, CASE i % 3 WHEN 0 THEN 'a' ELSE 'b' END, date '2025-06-01' + i FROM generate_series(1, 400) AS i;
