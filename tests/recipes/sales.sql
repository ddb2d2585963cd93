-- Partitions by range, two levels deep, without a default; by list, with one; by hash; and tables to attach.
CREATE TABLE shops (id integer PRIMARY KEY);
CREATE TABLE sales (
    id    bigint NOT NULL,
    sold  date NOT NULL,
    shop  integer REFERENCES shops,
    price numeric NOT NULL DEFAULT 1 CONSTRAINT no_gift CHECK (price > 0),
    note  text,
    PRIMARY KEY (id, sold)
) PARTITION BY RANGE (sold);
CREATE INDEX sales_by_shop ON sales (shop) WHERE price > 5;
CREATE UNIQUE INDEX sales_once ON sales (sold, id) INCLUDE (price);
COMMENT ON TABLE sales IS 'what was sold';
CREATE TABLE sales_2023 PARTITION OF sales FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE sales_2024 PARTITION OF sales FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY RANGE (sold);
CREATE TABLE sales_2024_first PARTITION OF sales_2024 FOR VALUES FROM ('2024-01-01') TO ('2024-04-01');
CREATE TABLE sales_2024_rest PARTITION OF sales_2024 DEFAULT;
CREATE TABLE old_sales (id bigint NOT NULL, sold date, shop integer, price numeric NOT NULL DEFAULT 1, note text);
ALTER TABLE old_sales ADD CONSTRAINT no_gift CHECK (price > 0), ALTER sold SET NOT NULL;
CREATE TABLE stock (item text, amount integer) PARTITION BY LIST (item);
CREATE TABLE stock_tea PARTITION OF stock FOR VALUES IN ('tea');
CREATE TABLE stock_rest PARTITION OF stock DEFAULT;
CREATE INDEX stock_by_amount ON stock (amount);
CREATE TABLE stock_coffee (item text, amount integer);
CREATE TABLE events (id integer, kind integer, told text) PARTITION BY HASH (id, kind);
CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE events_even (id integer, kind integer, told text);
CREATE TABLE prices (shop integer, since integer, price numeric) PARTITION BY RANGE (shop, since);
CREATE TABLE prices_some (shop integer, since integer, price numeric);
INSERT INTO shops SELECT generate_series(1, 9);
INSERT INTO sales SELECT i, date '2023-01-01' + i, 1 + i % 9, i % 20 + 1, 'sale ' || i FROM generate_series(1, 600) AS i;
INSERT INTO old_sales SELECT 1000 + i, date '2022-01-01' + i, 1 + i % 9, i % 20 + 1, 'sale ' || i FROM generate_series(1, 300) AS i;
INSERT INTO stock SELECT (ARRAY ['tea', 'milk', 'bread'])[1 + i % 3], i FROM generate_series(1, 60) AS i;
INSERT INTO stock_coffee SELECT 'coffee', 100 + i FROM generate_series(1, 20) AS i;
INSERT INTO events SELECT i, j, 'event' FROM generate_series(1, 40) AS i, generate_series(1, 5) AS j
    WHERE satisfies_hash_partition('events'::regclass, 2, 0, i, j);
INSERT INTO events_even SELECT i, j, 'event' FROM generate_series(1, 40) AS i, generate_series(1, 5) AS j
    WHERE satisfies_hash_partition('events'::regclass, 2, 1, i, j);
INSERT INTO prices_some SELECT 1, i, 3 FROM generate_series(5, 30) AS i;
