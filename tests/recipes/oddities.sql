-- A smallint, a serial, a key without a column, a view with options, and keys and checks that not every row keeps.
CREATE TABLE makers (
    town text,
    firm text,
    PRIMARY KEY (town, firm)
);
CREATE TABLE tools (
    id    serial PRIMARY KEY,
    stock smallint NOT NULL DEFAULT 0,
    town  text,
    firm  text,
    tags  jsonb,
    FOREIGN KEY (town, firm) REFERENCES makers MATCH SIMPLE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE repairs (tool integer REFERENCES tools, note text COLLATE "C" NOT NULL);
CREATE INDEX tools_by_firm ON tools (town, firm);
CREATE INDEX tools_by_tags ON tools USING gin (tags jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX tools_by_hash ON tools USING hash (firm);
CREATE INDEX tools_by_words ON tools ((tags -> 'a'), firm COLLATE "C" DESC NULLS LAST) WITH (fillfactor = 70);
ALTER INDEX tools_by_words ALTER COLUMN 1 SET STATISTICS 50;
CREATE INDEX repairs_by_tool ON repairs (tool);
CREATE VIEW stocked WITH (security_barrier = true) AS SELECT town, firm FROM tools WHERE firm > 'a' WITH LOCAL CHECK OPTION;
CREATE VIEW firms AS SELECT firm FROM stocked;
GRANT SELECT ON stocked TO PUBLIC;
COMMENT ON VIEW stocked IS 'what is there';
ALTER TABLE repairs ALTER note SET COMPRESSION pglz;
ALTER TABLE tools ADD CONSTRAINT some_tags CHECK (tags <> '{}') NOT VALID;
INSERT INTO makers SELECT 'town ' || i % 3, 'firm ' || i FROM generate_series(0, 20) AS i;
INSERT INTO tools (stock, town, firm, tags) SELECT i % 7, 'town ' || i % 20 % 3, 'firm ' || i % 20, '{"a": 1}'
    FROM generate_series(1, 60) AS i;
INSERT INTO repairs SELECT i, 'repair ' || i FROM generate_series(1, 40) AS i;
