-- 63 bytes, one name inside another, quotes, letters, reserved words of SQL and of PL/pgSQL, another schema.
CREATE SCHEMA "My schema";
CREATE TABLE "My schema"."Select.""all" (
    "select" bigint PRIMARY KEY,
    "By" text DEFAULT 'a''b',
    by integer NOT NULL,
    name text,
    names text,
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx text CONSTRAINT "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc'" CHECK (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx <> 'name'),
    "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü" date,
    "a""b" text,
    "new" integer,
    old integer
);
CREATE UNIQUE INDEX "I ""x""" ON "My schema"."Select.""all" (lower(name), "By", by) WHERE names IS NOT NULL;
CREATE INDEX yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy ON "My schema"."Select.""all" ("üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü", xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx);
GRANT SELECT ("select", name), UPDATE (by) ON "My schema"."Select.""all" TO PUBLIC;
INSERT INTO "My schema"."Select.""all"
    SELECT i, 'By ' || i, i, 'name', 'names', 'x' || i, '2026-01-01', 'q', i, -i FROM generate_series(1, 50) AS i;
